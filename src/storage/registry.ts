import type { ClientRow, UserRow } from "./account-rows.ts";
import { attempt } from "./attempt.ts";

/** Columns of a client that an operator decides. */
export type ClientFields = Omit<ClientRow, "client_id" | "not_before_ms">;

/** Columns of a user that an operator decides. */
export type UserFields = Pick<UserRow, "password_record" | "claims" | "is_active">;

/** One row to insert or change. `endsSessions` ends every family that began before. */
export type RegistryWrite =
  | { readonly kind: "insert_client"; readonly clientId: string; readonly fields: ClientFields }
  | {
      readonly kind: "update_client";
      readonly clientId: string;
      readonly fields: Partial<ClientFields>;
      readonly endsSessions: boolean;
    }
  | {
      readonly kind: "insert_user";
      readonly id: string;
      readonly username: string;
      readonly fields: UserFields;
    }
  | {
      readonly kind: "update_user";
      readonly username: string;
      readonly fields: Partial<UserFields>;
      readonly endsSessions: boolean;
    };

/** Clients and users as management sees them: rows to compare, writes that hold or fail whole. */
export interface Registry {
  /** @returns the rows that exist among those asked for; @throws Unavailable when D1 fails */
  findClients(clientIds: readonly string[]): Promise<ReadonlyMap<string, ClientRow>>;
  /** @returns the rows that exist among those asked for; @throws Unavailable when D1 fails */
  findUsers(usernames: readonly string[]): Promise<ReadonlyMap<string, UserRow>>;
  /** Writes all or nothing, in one transaction. @throws Unavailable when D1 fails */
  write(writes: readonly RegistryWrite[]): Promise<void>;
}

/** D1 takes at most this many bound parameters in a statement. Source: D1, "Limits". */
const BOUND_PARAMETERS_MAX = 100;

/**
 * How long a command waits for D1, in milliseconds. No request waits for it, a file may be long,
 * and a write that was given up on could still take effect.
 */
const COMMAND_DEADLINE_MS = 120_000;

/** The database's own clock, which is the one that issues tokens too, give or take milliseconds. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** Builds the {@link Registry} over D1. */
export function createRegistry(db: D1Database): Registry {
  async function findRows<Row>(
    table: "clients" | "users",
    key: "client_id" | "username",
    names: readonly string[],
  ): Promise<Row[]> {
    if (names.length === 0) return [];
    const statements: D1PreparedStatement[] = [];
    for (let start = 0; start < names.length; start += BOUND_PARAMETERS_MAX) {
      const some = names.slice(start, start + BOUND_PARAMETERS_MAX);
      const places = some.map(() => "?").join(", ");
      const query = `SELECT * FROM ${table} WHERE ${key} IN (${places})`;
      statements.push(db.prepare(query).bind(...some));
    }
    const results = await attempt(
      `d1.find_${table}`,
      () => db.batch<Row>(statements),
      COMMAND_DEADLINE_MS,
    );
    return results.flatMap((result) => result.results);
  }

  return {
    async findClients(clientIds) {
      const rows = await findRows<ClientRow>("clients", "client_id", clientIds);
      return new Map(rows.map((row) => [row.client_id, row]));
    },

    async findUsers(usernames) {
      const rows = await findRows<UserRow>("users", "username", usernames);
      return new Map(rows.map((row) => [row.username, row]));
    },

    async write(writes) {
      if (writes.length === 0) return;
      const statements = writes.map((write) => toSql(db, write));
      await attempt("d1.write_registry", () => db.batch(statements), COMMAND_DEADLINE_MS);
    },
  };
}

function toSql(db: D1Database, write: RegistryWrite): D1PreparedStatement {
  switch (write.kind) {
    case "insert_client":
      return insert(db, "clients", { client_id: write.clientId, ...write.fields });
    case "insert_user":
      return insert(db, "users", { id: write.id, username: write.username, ...write.fields });
    case "update_client":
      return update(db, "clients", "client_id", write.clientId, write);
    case "update_user":
      return update(db, "users", "username", write.username, write);
  }
}

type Fields = Readonly<Record<string, string | number | null>>;

// Table and column names are this file's own words and never input; every value is bound.
function insert(db: D1Database, table: string, fields: Fields): D1PreparedStatement {
  const columns = Object.keys(fields);
  const places = columns.map(() => "?").join(", ");
  const query = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`;
  return db.prepare(query).bind(...Object.values(fields));
}

function update(
  db: D1Database,
  table: string,
  key: string,
  name: string,
  { fields, endsSessions }: { fields: Fields; endsSessions: boolean },
): D1PreparedStatement {
  const assignments = Object.keys(fields).map((column) => `${column} = ?`);
  if (endsSessions) assignments.push(`not_before_ms = ${NOW_MS}`);
  const query = `UPDATE ${table} SET ${assignments.join(", ")} WHERE ${key} = ?`;
  return db.prepare(query).bind(...Object.values(fields), name);
}
