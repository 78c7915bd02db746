import type { NewClientRow } from "../clients/client.ts";
import { originUpdates } from "./client-origins.ts";
import { OPERATOR_COLUMNS } from "./clients.ts";

/** A user to add, with Django's primary key as the id. */
export interface ImportedUser {
  readonly id: string;
  readonly username: string;
  readonly username_key: string;
  readonly password_record: string;
  readonly is_active: 0 | 1;
  readonly profile: string;
}

/** A row to add to `imported_refresh_tokens`. */
export interface ImportedRefreshTokenRow {
  readonly token_hash: string;
  readonly client_id: string;
  readonly user_id: string;
  readonly scope: string;
  readonly expires_at_ms: number;
}

/** A row to add to `imported_access_tokens`. */
export interface ImportedAccessTokenRow {
  readonly token_hash: string;
  readonly refresh_token_hash: string | null;
  readonly client_id: string;
  readonly user_id: string | null;
  readonly scope: string;
  readonly issued_at_ms: number;
  readonly expires_at_ms: number;
}

/** A change to one table, and the statement that counts the rows it would change. */
export interface Change {
  readonly make: D1PreparedStatement;
  readonly count: D1PreparedStatement;
  /** Updates of other tables, in the same transaction. */
  readonly after?: readonly D1PreparedStatement[];
}

// Each takes all its rows as one parameter, since D1 binds at most a hundred. `WHERE true` tells
// SQLite that ON CONFLICT is not part of a join. Sessions from before the import stay valid:
// not_before_ms is 0, or just after the deletion of an earlier account with that id.
const ADD_USERS =
  "INSERT INTO users (id, username, username_key, password_record, profile, is_active, " +
  "not_before_ms) " +
  "SELECT value ->> 'id', value ->> 'username', value ->> 'username_key', " +
  "value ->> 'password_record', value ->> 'profile', " +
  "value ->> 'is_active', coalesce((SELECT deleted_at_ms + 1 FROM deleted_accounts " +
  "WHERE kind = 'user' AND id = value ->> 'id'), 0) FROM json_each(?) WHERE " +
  "NOT EXISTS (SELECT 1 FROM clients WHERE client_id = value ->> 'id') ON CONFLICT DO NOTHING";

const NEW_USERS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM users WHERE id = new.value ->> 'id' OR username = new.value ->> 'username') " +
  "AND NOT EXISTS (SELECT 1 FROM clients WHERE client_id = new.value ->> 'id')";

// Column names come from this project, never from input; every value is bound.
const ADD_CLIENTS = `INSERT INTO clients (${OPERATOR_COLUMNS.join(", ")}, not_before_ms)
  SELECT ${OPERATOR_COLUMNS.map((column) => `value ->> '${column}'`).join(", ")},
    coalesce((SELECT deleted_at_ms + 1 FROM deleted_accounts
      WHERE kind = 'client' AND id = value ->> 'client_id'), 0)
  FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = value ->> 'client_id')
  ON CONFLICT DO NOTHING`;

const NEW_CLIENTS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM clients WHERE client_id = new.value ->> 'client_id') " +
  "AND NOT EXISTS (SELECT 1 FROM users WHERE id = new.value ->> 'client_id')";

const ADD_REFRESH_TOKENS =
  "INSERT INTO imported_refresh_tokens (token_hash, client_id, user_id, scope, expires_at_ms) " +
  "SELECT value ->> 'token_hash', value ->> 'client_id', value ->> 'user_id', value ->> 'scope', " +
  "value ->> 'expires_at_ms' FROM json_each(?) WHERE true ON CONFLICT DO NOTHING";

const NEW_REFRESH_TOKENS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE NOT EXISTS " +
  "(SELECT 1 FROM imported_refresh_tokens WHERE token_hash = new.value ->> 'token_hash')";

/** Excludes tokens that were consumed or revoked here since they were first imported. */
const ACCESS_TOKEN_IS_NEW =
  "NOT EXISTS (SELECT 1 FROM imported_refresh_tokens " +
  "WHERE token_hash = new.value ->> 'refresh_token_hash') " +
  "AND NOT EXISTS (SELECT 1 FROM revoked_access_tokens " +
  "WHERE nonce = new.value ->> 'token_hash')";

const ADD_ACCESS_TOKENS =
  "INSERT INTO imported_access_tokens (token_hash, refresh_token_hash, client_id, user_id, " +
  "scope, issued_at_ms, expires_at_ms) " +
  "SELECT new.value ->> 'token_hash', new.value ->> 'refresh_token_hash', " +
  "new.value ->> 'client_id', new.value ->> 'user_id', new.value ->> 'scope', " +
  "new.value ->> 'issued_at_ms', new.value ->> 'expires_at_ms' FROM json_each(?) AS new WHERE " +
  ACCESS_TOKEN_IS_NEW +
  " ON CONFLICT DO NOTHING";

const NEW_ACCESS_TOKENS =
  "SELECT count(*) AS rows FROM json_each(?) AS new WHERE " +
  ACCESS_TOKEN_IS_NEW +
  " AND NOT EXISTS (SELECT 1 FROM imported_access_tokens " +
  "WHERE token_hash = new.value ->> 'token_hash')";

const OF_UNUSED = "WHERE is_consumed = 0 AND token_hash IN (SELECT value FROM json_each(?1))";

const END_REFRESH_TOKENS = `UPDATE imported_refresh_tokens
  SET is_consumed = 1, expires_at_ms = 0 ${OF_UNUSED}`;

const COUNT_REFRESH_TOKENS = `SELECT count(*) AS rows FROM imported_refresh_tokens ${OF_UNUSED}`;

const OF_EITHER =
  "WHERE token_hash IN (SELECT value FROM json_each(?1)) " +
  "OR refresh_token_hash IN (SELECT value FROM json_each(?1))";

/** Access tokens by their own hash, or by that of their refresh token. */
const REMOVE_ACCESS_TOKENS = `DELETE FROM imported_access_tokens ${OF_EITHER}`;

const COUNT_ACCESS_TOKENS = `SELECT count(*) AS rows FROM imported_access_tokens ${OF_EITHER}`;

/** Adds users, unless the id or the name is taken. */
export function usersToAdd(db: D1Database, rows: readonly ImportedUser[]): Change {
  return changeOf(db, ADD_USERS, NEW_USERS, rows);
}

/** Adds clients, unless the id is taken. */
export function clientsToAdd(db: D1Database, rows: readonly NewClientRow[]): Change {
  const ids = rows.map((row) => row.client_id);
  return { ...changeOf(db, ADD_CLIENTS, NEW_CLIENTS, rows), after: originUpdates(db, ids) };
}

/** Adds refresh tokens that were never imported. */
export function refreshTokensToAdd(
  db: D1Database,
  rows: readonly ImportedRefreshTokenRow[],
): Change {
  return changeOf(db, ADD_REFRESH_TOKENS, NEW_REFRESH_TOKENS, rows);
}

/** Adds access tokens, unless their refresh token was imported before. */
export function accessTokensToAdd(db: D1Database, rows: readonly ImportedAccessTokenRow[]): Change {
  return changeOf(db, ADD_ACCESS_TOKENS, NEW_ACCESS_TOKENS, rows);
}

/**
 * Ends refresh tokens that were not used here, as `endSessionStatements` does: the rows stay, so
 * that no import adds them again.
 */
export function refreshTokensToEnd(db: D1Database, hashes: readonly string[]): Change {
  return changeOf(db, END_REFRESH_TOKENS, COUNT_REFRESH_TOKENS, hashes);
}

/** Removes access tokens by their own hash, or by that of their refresh token. */
export function accessTokensToRemove(db: D1Database, hashes: readonly string[]): Change {
  return changeOf(db, REMOVE_ACCESS_TOKENS, COUNT_ACCESS_TOKENS, hashes);
}

function changeOf(db: D1Database, make: string, count: string, rows: readonly unknown[]): Change {
  const json = JSON.stringify(rows);
  return { make: db.prepare(make).bind(json), count: db.prepare(count).bind(json) };
}
