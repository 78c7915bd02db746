import { type UsernameMode, usernameKey } from "../protocol/usernames.ts";
import type { ImportedToken } from "../tokens/imported-token.ts";
import type { Session } from "../tokens/session.ts";
import {
  type Client,
  type ClientRow,
  toClient,
  toUser,
  type User,
  type UserRow,
} from "./account-rows.ts";
import { attempt } from "./attempt.ts";
import { type ImportedTokenRow, selectImportedToken, toImportedToken } from "./imported-tokens.ts";
import { selectEndedSession } from "./sessions.ts";
import { requireReadiness, rowOfName, selectReadiness } from "./usernames.ts";

/** Which user to look up. */
export type UserKey = { readonly username: string } | { readonly id: string };

/** Which session to look up. */
export type SessionKey = Pick<Session, "userId" | "familyId">;

/** What to look up, all in one round trip. */
export interface AccountQuery {
  readonly clientIds: readonly string[];
  readonly userKeys: readonly UserKey[];
  /** Nonces of access tokens without a family, to learn whether they were revoked. */
  readonly nonces: readonly string[];
  /** Sessions, to learn whether they were ended. */
  readonly sessions: readonly SessionKey[];
  /** Hashes of tokens that may have been imported, with the client and the user of each. */
  readonly importedHashes: readonly string[];
  /** Origins of pages, to learn whether any client has them on its list. */
  readonly origins: readonly string[];
}

/** What a look-up found, as of one moment. */
export interface Accounts {
  client(clientId: string): Client | null;
  user(key: UserKey): User | null;
  /** Whether a user's name differs from this one at most in case, among those looked up. */
  hasSimilarUser(username: string): boolean;
  isRevoked(nonce: string): boolean;
  isSessionEnded(familyId: string): boolean;
  /** @returns the token of that hash, unless it is unknown or has expired */
  importedToken(hash: string): ImportedToken | null;
  /** Whether any client that is not disabled may be called from this origin. */
  isOriginAllowed(origin: string): boolean;
}

// Columns are named, so that a database that lacks one fails at once and says which.
const CLIENT_COLUMNS = `SELECT client_id, client_name, token_endpoint_auth_method, secret_record,
  previous_secret_record, previous_secret_ends_at_ms, jwks, grant_types, scope, default_scope,
  audience, claims, allowed_origins, access_token_format, access_token_ttl_seconds,
  refresh_idle_ttl_seconds, refresh_absolute_ttl_seconds, disabled, not_before_ms FROM clients `;
const SELECT_CLIENT = `${CLIENT_COLUMNS}WHERE client_id = ?`;
/** A hash is in one of the two tables, if it is in any. */
const SELECT_CLIENT_OF_IMPORTED = `${CLIENT_COLUMNS}WHERE client_id IN (
    SELECT client_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT client_id FROM imported_access_tokens WHERE token_hash = ?1)`;
const USER_COLUMNS =
  "SELECT id, username, password_record, claims, is_active, not_before_ms, unlocked_at_ms " +
  "FROM users ";
const SELECT_USER_BY_ID = `${USER_COLUMNS}WHERE id = ?`;
/** In either mode those that differ in case too, so that no second account is made of one. */
const SELECT_USERS_BY_NAME = `${USER_COLUMNS}WHERE username IN (?1, ?2, ?3) OR username_key = ?4`;
const SELECT_USER_OF_IMPORTED = `${USER_COLUMNS}WHERE id IN (
    SELECT user_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT user_id FROM imported_access_tokens WHERE token_hash = ?1)`;
const SELECT_REVOKED = "SELECT nonce FROM revoked_access_tokens WHERE nonce = ?";

const SELECT_ORIGIN = "SELECT origin FROM client_origins WHERE origin = ? LIMIT 1";

/**
 * Looks everything up in one round trip.
 *
 * @param mode how user names compare
 * @throws Unavailable when D1 fails, is not migrated, or is not prepared for the mode
 */
export async function findAccounts(
  db: D1Database,
  query: Partial<AccountQuery>,
  mode: UsernameMode,
): Promise<Accounts> {
  const { clientIds = [], userKeys = [], nonces = [] } = query;
  const { sessions = [], importedHashes = [], origins = [] } = query;
  const needsReadiness = mode === "case-insensitive" && userKeys.some((key) => !("id" in key));
  const selections = [
    [
      ...clientIds.map((id) => db.prepare(SELECT_CLIENT).bind(id)),
      ...importedHashes.map((hash) => db.prepare(SELECT_CLIENT_OF_IMPORTED).bind(hash)),
    ],
    [
      ...userKeys.map((key) => selectUser(db, key)),
      ...importedHashes.map((hash) => db.prepare(SELECT_USER_OF_IMPORTED).bind(hash)),
    ],
    nonces.map((nonce) => db.prepare(SELECT_REVOKED).bind(nonce)),
    sessions.map((key) => selectEndedSession(db, key)),
    importedHashes.map((hash) => selectImportedToken(db, hash)),
    needsReadiness ? [selectReadiness(db)] : [],
    origins.map((origin) => selectOrigin(db, origin)),
  ];
  const results = await attempt("d1.find_accounts", () => db.batch(selections.flat()));
  const found = selections.map((statements) => {
    return results.splice(0, statements.length).flatMap((result) => result.results);
  });
  const [clients = [], users = [], revoked = [], ended = [], imported = []] = found;
  const [readiness = [], allowed = []] = found.slice(5);
  if (needsReadiness) requireReadiness(readiness);
  return toAccounts({
    mode,
    clients: (clients as ClientRow[]).map(toClient),
    users: (users as UserRow[]).map(toUser),
    revoked: (revoked as { nonce: string }[]).map(({ nonce }) => nonce),
    ended: (ended as { family_id: string }[]).map(({ family_id }) => family_id),
    imported: (imported as ImportedTokenRow[]).map(toImportedToken),
    allowed: (allowed as { origin: string }[]).map(({ origin }) => origin),
  });
}

/** The statement that finds an origin on any client's list. */
export function selectOrigin(db: D1Database, origin: string): D1PreparedStatement {
  return db.prepare(SELECT_ORIGIN).bind(origin);
}

/** The statement that finds a user, and with a name those whose names are similar. */
export function selectUser(db: D1Database, key: UserKey): D1PreparedStatement {
  if ("id" in key) return db.prepare(SELECT_USER_BY_ID).bind(key.id);
  const { username } = key;
  const [composed, decomposed] = [username.normalize("NFC"), username.normalize("NFD")];
  const folded = usernameKey(username);
  return db.prepare(SELECT_USERS_BY_NAME).bind(username, composed, decomposed, folded);
}

function toAccounts(found: {
  readonly mode: UsernameMode;
  readonly clients: readonly Client[];
  readonly users: readonly User[];
  readonly revoked: readonly string[];
  readonly ended: readonly string[];
  readonly imported: readonly ImportedToken[];
  readonly allowed: readonly string[];
}): Accounts {
  return {
    client: (id) => found.clients.find(({ clientId }) => clientId === id) ?? null,
    user: (key) =>
      ("id" in key
        ? found.users.find(({ id }) => id === key.id)
        : rowOfName(found.users, key.username, found.mode)) ?? null,
    hasSimilarUser: (username) =>
      found.users.some((user) => usernameKey(user.username) === usernameKey(username)),
    isRevoked: (nonce) => found.revoked.includes(nonce),
    isSessionEnded: (familyId) => found.ended.includes(familyId),
    isOriginAllowed: (origin) => found.allowed.includes(origin),
    importedToken: (hash) => found.imported.find((token) => token.hash === hash) ?? null,
  };
}
