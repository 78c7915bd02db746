/**
 * Deletion is permanent. Deleted accounts are stored, and an account that is created again under
 * the same id starts after the deletion, so that nothing issued before becomes valid again. This
 * holds within one millisecond, and for imports, whose accounts otherwise have a start time of 0.
 */

/** No client and user have the same id. */
type AccountKind = "client" | "user";

/** An account that was deleted here. */
export interface DeletedAccount {
  readonly id: string;
  /** Null: a client. */
  readonly username: string | null;
  readonly deleted_at_ms: number;
}

const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

// max: a not-before time may be slightly ahead of the clock.
const INSERT_CLIENT = `INSERT INTO deleted_accounts (kind, id, deleted_at_ms)
  SELECT 'client', client_id, max(${NOW_MS}, not_before_ms) FROM clients WHERE client_id = ?
  ON CONFLICT DO UPDATE SET deleted_at_ms = max(deleted_at_ms, excluded.deleted_at_ms)`;
const INSERT_USER = `INSERT INTO deleted_accounts (kind, id, username, deleted_at_ms)
  SELECT 'user', id, username, max(${NOW_MS}, not_before_ms) FROM users WHERE username = ?
  ON CONFLICT DO UPDATE SET username = excluded.username,
    deleted_at_ms = max(deleted_at_ms, excluded.deleted_at_ms)`;

const FIND_CLIENTS = `SELECT id, username, deleted_at_ms FROM deleted_accounts
  WHERE kind = 'client' AND id IN (SELECT value FROM json_each(?))`;
const FIND_USERS = `SELECT id, username, deleted_at_ms FROM deleted_accounts
  WHERE kind = 'user' AND id IN (SELECT value FROM json_each(?1)) UNION
  SELECT id, username, deleted_at_ms FROM deleted_accounts
  WHERE username IN (SELECT value FROM json_each(?2))`;

/** The not-before time of a client created now, as SQL. @param id the client's, as SQL */
export function clientStart(id: string): string {
  return notBeforeSql("client", "unixepoch() * 1000", id);
}

/** The not-before time of a user created now, as SQL. @param id the user's, as SQL */
export function userStart(id: string): string {
  return notBeforeSql("user", NOW_MS, id);
}

/** The statement that stores the deletion of a client. Runs before its row is deleted. */
export function clientDeletion(db: D1Database, clientId: string): D1PreparedStatement {
  return db.prepare(INSERT_CLIENT).bind(clientId);
}

/** The statement that stores the deletion of a user. Runs before the row is deleted. */
export function userDeletion(db: D1Database, username: string): D1PreparedStatement {
  return db.prepare(INSERT_USER).bind(username);
}

/** The statement that finds which clients were deleted here. */
export function selectDeletedClients(
  db: D1Database,
  clientIds: readonly string[],
): D1PreparedStatement {
  return db.prepare(FIND_CLIENTS).bind(JSON.stringify(clientIds));
}

/** The statement that finds deleted users by id or name. */
export function selectDeletedUsers(
  db: D1Database,
  ids: readonly string[],
  usernames: readonly string[],
): D1PreparedStatement {
  return db.prepare(FIND_USERS).bind(JSON.stringify(ids), JSON.stringify(usernames));
}

function notBeforeSql(kind: AccountKind, now: string, id: string): string {
  return `max(${now}, coalesce((SELECT deleted_at_ms + 1 FROM deleted_accounts
    WHERE kind = '${kind}' AND id = ${id}), 0))`;
}

/** Returns a function that finds users of a dump who were deleted here. */
export function deletedUserFinder(
  deleted: readonly DeletedAccount[],
): (id: string | null, username: string) => DeletedAccount | undefined {
  const byId = new Map(deleted.map((one) => [one.id, one]));
  const byName = new Map(deleted.map((one) => [one.username, one]));
  return (id, username) => byId.get(id ?? "") ?? byName.get(username);
}
