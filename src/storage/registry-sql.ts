import type { UsernameMode } from "../protocol/usernames.ts";
import { clientDeletion, userDeletion } from "./deleted-accounts.ts";
import {
  type ClientColumns,
  type ClientInsert,
  clientInsertions,
  nameColumns,
  type UserColumns,
  type UserInsert,
  userInsertions,
} from "./registry-inserts.ts";
import {
  endSessionStatements,
  removeSessionsStatements,
  type SessionReference,
} from "./session-rows.ts";
import { requireNameIsFree } from "./usernames.ts";
import type { UserRow } from "./users.ts";

/**
 * A row to insert, change or delete. `expected` columns must be unchanged since the caller read
 * them; `endsSessions` ends all families that began before.
 */
export type RegistryWrite =
  | ClientInsert
  | UserInsert
  | {
      readonly kind: "update_client";
      readonly clientId: string;
      readonly fields: Partial<ClientColumns>;
      readonly expected?: Partial<ClientColumns>;
      readonly endsSessions: boolean;
    }
  | { readonly kind: "delete_client"; readonly clientId: string }
  | {
      readonly kind: "update_user";
      readonly username: string;
      readonly fields: Partial<UserColumns & Pick<UserRow, "username">>;
      readonly expected?: ExpectedUser;
      readonly endsSessions: boolean;
      /** Whether to reset failed logins; a new password resets them too. */
      readonly unlocks?: boolean;
    }
  | {
      readonly kind: "delete_user";
      readonly username: string;
      readonly expected?: ExpectedUser;
    }
  | (SessionReference & { readonly kind: "end_session"; readonly username: string });

/** The id makes sure that it is the user that was read, even if names were swapped since. */
type ExpectedUser = Partial<UserColumns & Pick<UserRow, "id">>;

/** The database's clock, which differs from the Worker's by milliseconds. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** SQLite's message for a row that exists already. */
const TAKEN = /UNIQUE constraint failed/;

/** SQLite's message when a guard below makes it parse invalid JSON, on purpose. */
const GUARD_FAILED = /malformed JSON/;

/**
 * The statements of writes. Their transaction fails if a row is not as expected, or if a user name
 * is taken. Consecutive new clients, and new users, are added together.
 *
 * @param mode how user names are compared
 */
export function buildStatements(
  db: D1Database,
  writes: readonly RegistryWrite[],
  mode: UsernameMode,
): D1PreparedStatement[] {
  return groupByKind(writes).flatMap((run) => {
    const newClients = run.filter((write) => write.kind === "insert_client");
    const newUsers = run.filter((write) => write.kind === "insert_user");
    const changes = run.filter((write) => {
      return write.kind !== "insert_client" && write.kind !== "insert_user";
    });
    return [
      ...clientInsertions(db, newClients),
      ...userInsertions(db, newUsers, mode),
      ...changes.flatMap((change) => buildChange(db, change, mode)),
    ];
  });
}

/** Groups consecutive writes of one kind. */
function groupByKind(writes: readonly RegistryWrite[]): RegistryWrite[][] {
  const runs: RegistryWrite[][] = [];
  for (const write of writes) {
    const run = runs.at(-1);
    if (run?.[0]?.kind === write.kind) run.push(write);
    else runs.push([write]);
  }
  return runs;
}

function buildChange(
  db: D1Database,
  write: Exclude<RegistryWrite, ClientInsert | UserInsert>,
  mode: UsernameMode,
): D1PreparedStatement[] {
  switch (write.kind) {
    case "update_client":
      return update(
        db,
        { table: "clients", key: "client_id", name: write.clientId },
        { ...write, nowColumns: write.endsSessions ? ["not_before_ms"] : [] },
      );
    case "update_user":
      return updateUser(db, write, mode);
    case "delete_client":
      return [
        clientDeletion(db, write.clientId),
        ...remove(db, { table: "clients", key: "client_id", name: write.clientId }),
      ];
    case "delete_user":
      return [
        ...removeSessionsStatements(db, write.username),
        userDeletion(db, write.username),
        ...remove(db, { table: "users", key: "username", name: write.username }, write.expected),
      ];
    case "end_session":
      return endSessionStatements(db, write);
  }
}

/** Whether D1 rejected a transaction because a row was not as expected. */
export function isConflict(error: unknown): boolean {
  const text = String(error);
  return TAKEN.test(text) || GUARD_FAILED.test(text);
}

type UserUpdate = Extract<RegistryWrite, { kind: "update_user" }>;

function updateUser(db: D1Database, write: UserUpdate, mode: UsernameMode): D1PreparedStatement[] {
  const { username: name, expected } = write;
  const { username: newName, ...others } = write.fields;
  const renaming = newName === undefined ? [] : [requireNameIsFree(db, newName, mode, name)];
  const fields = { ...others, ...(newName === undefined ? {} : nameColumns(newName)) };
  const nowColumns = [
    ...(write.endsSessions ? ["not_before_ms"] : []),
    ...(write.unlocks || others.password_record !== undefined ? ["unlocked_at_ms"] : []),
  ];
  const row = { table: "users", key: "username", name } as const;
  return [...renaming, ...update(db, row, { fields, nowColumns, ...(expected && { expected }) })];
}

type Fields = Readonly<Record<string, string | number | null>>;

interface Row {
  readonly table: "clients" | "users";
  readonly key: "client_id" | "username";
  readonly name: string;
}

// Table and column names are constants of this file and never input; every value is bound.
function update(
  db: D1Database,
  row: Row,
  change: { fields: Fields; expected?: Fields; nowColumns: readonly string[] },
): D1PreparedStatement[] {
  const { fields, expected = {}, nowColumns } = change;
  const assignments = Object.keys(fields).map((column) => `${column} = ?`);
  // max: a row created after a deletion may start slightly in the future.
  assignments.push(...nowColumns.map((column) => `${column} = max(${column}, ${NOW_MS})`));
  const query = `UPDATE ${row.table} SET ${assignments.join(", ")} WHERE ${row.key} = ?`;
  const statement = db.prepare(query).bind(...Object.values(fields), row.name);
  return [guard(db, row, expected), statement];
}

function remove(db: D1Database, row: Row, expected: Fields = {}): D1PreparedStatement[] {
  const query = `DELETE FROM ${row.table} WHERE ${row.key} = ?`;
  return [guard(db, row, expected), db.prepare(query).bind(row.name)];
}

/**
 * Makes the transaction fail unless there is such a row. SQLite does not treat an update of no row
 * as an error, and only triggers can raise one.
 */
function guard(db: D1Database, { table, key, name }: Row, expected: Fields): D1PreparedStatement {
  const conditions = [`${key} = ?`, ...Object.keys(expected).map((column) => `${column} IS ?`)];
  const exists = `EXISTS (SELECT 1 FROM ${table} WHERE ${conditions.join(" AND ")})`;
  const query = `SELECT json(CASE WHEN ${exists} THEN '{}' ELSE 'changed' END)`;
  return db.prepare(query).bind(name, ...Object.values(expected));
}
