import type { ClientColumns } from "../clients/client.ts";
import { normalizeUsername, type UsernameMode, usernameKey } from "../protocol/usernames.ts";
import { clientStart, userStart } from "./deleted-accounts.ts";
import { requireNamesAreFree } from "./usernames.ts";
import type { UserRow } from "./users.ts";

/** Columns of a user that an operator can set. */
export type UserColumns = Pick<UserRow, "password_record" | "claims" | "profile" | "is_active">;

/** A client to add. */
export interface ClientInsert {
  readonly kind: "insert_client";
  readonly clientId: string;
  readonly fields: ClientColumns;
}

/** A user to add. */
export interface UserInsert {
  readonly kind: "insert_user";
  readonly id: string;
  readonly username: string;
  readonly fields: UserColumns;
}

/**
 * Longest text in one statement, in characters: a value may have 2 MB, and a character up to three
 * bytes. Source: D1, "Limits".
 */
const TEXT_LENGTH_MAX = 500_000;

type Columns = Readonly<Record<string, string | number | null>>;

interface Rows {
  readonly table: "clients" | "users";
  readonly key: "client_id" | "id";
  /** The not-before time of a row, as SQL. */
  readonly start: string;
}

const CLIENTS: Rows = {
  table: "clients",
  key: "client_id",
  start: clientStart("value ->> 'client_id'"),
};
const USERS: Rows = { table: "users", key: "id", start: userStart("value ->> 'id'") };

/**
 * The statements that add clients. Their transaction fails if a client or user has one of the ids.
 * Few statements for any number of clients, since a command waits for workerd to bind each.
 */
export function clientInsertions(
  db: D1Database,
  writes: readonly ClientInsert[],
): D1PreparedStatement[] {
  if (writes.length === 0) return [];
  const rows = writes.map(({ clientId, fields }) => ({ client_id: clientId, ...fields }));
  const ids = writes.map(({ clientId }) => clientId);
  return [guardAbsence(db, USERS, ids), ...insertions(db, CLIENTS, rows)];
}

/**
 * The statements that add users. Their transaction fails if a client or user has one of the ids, or
 * a user one of the names.
 *
 * @param mode how user names are compared
 */
export function userInsertions(
  db: D1Database,
  writes: readonly UserInsert[],
  mode: UsernameMode,
): D1PreparedStatement[] {
  if (writes.length === 0) return [];
  const rows = writes.map(({ id, username, fields }) => ({
    id,
    ...nameColumns(username),
    ...fields,
  }));
  const ids = writes.map(({ id }) => id);
  const names = writes.map(({ username }) => username);
  return [
    guardAbsence(db, CLIENTS, ids),
    requireNamesAreFree(db, names, mode),
    ...insertions(db, USERS, rows),
  ];
}

/** The columns of a user name. */
export function nameColumns(username: string): { username: string; username_key: string } {
  return { username: normalizeUsername(username), username_key: usernameKey(username) };
}

// Table and column names are constants of this project and never input; every value is bound.
function insertions(
  db: D1Database,
  { table, start }: Rows,
  rows: readonly Columns[],
): D1PreparedStatement[] {
  const columns = Object.keys(rows[0] ?? {});
  const values = columns.map((column) => `value ->> '${column}'`);
  const query = `INSERT INTO ${table} (${columns.join(", ")}, not_before_ms)
    SELECT ${values.join(", ")}, ${start} FROM json_each(?)`;
  return splitJson(rows).map((text) => db.prepare(query).bind(text));
}

/** The rows as JSON, split into texts of at most {@link TEXT_LENGTH_MAX}. */
export function splitJson(rows: readonly object[]): string[] {
  const lists: string[][] = [[]];
  let length = 0;
  for (const row of rows.map((each) => JSON.stringify(each))) {
    length += row.length;
    if (length > TEXT_LENGTH_MAX) {
      lists.push([]);
      length = row.length;
    }
    lists.at(-1)?.push(row);
  }
  return lists.filter((list) => list.length > 0).map((list) => `[${list.join(",")}]`);
}

/** Makes the transaction fail if there is a row with one of these ids. */
function guardAbsence(
  db: D1Database,
  { table, key }: Rows,
  ids: readonly string[],
): D1PreparedStatement {
  const exists = `EXISTS (SELECT 1 FROM ${table}
    WHERE ${key} IN (SELECT value FROM json_each(?)))`;
  const query = `SELECT json(CASE WHEN ${exists} THEN 'taken' ELSE '{}' END)`;
  return db.prepare(query).bind(JSON.stringify(ids));
}
