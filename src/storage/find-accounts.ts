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
}

/** What a look-up found, as of one moment. */
export interface Accounts {
  client(clientId: string): Client | null;
  user(key: UserKey): User | null;
  isRevoked(nonce: string): boolean;
  isSessionEnded(familyId: string): boolean;
  /** @returns the token of that hash, unless it is unknown or has expired */
  importedToken(hash: string): ImportedToken | null;
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
  "SELECT id, username, password_record, claims, is_active, not_before_ms FROM users ";
const SELECT_USER_BY_ID = `${USER_COLUMNS}WHERE id = ?`;
const SELECT_USER_BY_NAME = `${USER_COLUMNS}WHERE username = ?`;
const SELECT_USER_OF_IMPORTED = `${USER_COLUMNS}WHERE id IN (
    SELECT user_id FROM imported_refresh_tokens WHERE token_hash = ?1
    UNION ALL SELECT user_id FROM imported_access_tokens WHERE token_hash = ?1)`;
const SELECT_REVOKED = "SELECT nonce FROM revoked_access_tokens WHERE nonce = ?";

/** Looks everything up in one round trip. @throws Unavailable when D1 fails or is not migrated */
export async function findAccounts(
  db: D1Database,
  query: Partial<AccountQuery>,
): Promise<Accounts> {
  const { clientIds = [], userKeys = [], nonces = [] } = query;
  const { sessions = [], importedHashes = [] } = query;
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
  ];
  const results = await attempt("d1.find_accounts", () => db.batch(selections.flat()));
  const [clients = [], users = [], revoked = [], ended = [], imported = []] = selections.map(
    (statements) => results.splice(0, statements.length).flatMap((result) => result.results),
  );
  return toAccounts({
    clients: (clients as ClientRow[]).map(toClient),
    users: (users as UserRow[]).map(toUser),
    revoked: (revoked as { nonce: string }[]).map(({ nonce }) => nonce),
    ended: (ended as { family_id: string }[]).map(({ family_id }) => family_id),
    imported: (imported as ImportedTokenRow[]).map(toImportedToken),
  });
}

/** The statement that finds a user. */
export function selectUser(db: D1Database, key: UserKey): D1PreparedStatement {
  return "id" in key
    ? db.prepare(SELECT_USER_BY_ID).bind(key.id)
    : db.prepare(SELECT_USER_BY_NAME).bind(key.username);
}

function toAccounts(found: {
  readonly clients: readonly Client[];
  readonly users: readonly User[];
  readonly revoked: readonly string[];
  readonly ended: readonly string[];
  readonly imported: readonly ImportedToken[];
}): Accounts {
  return {
    client: (id) => found.clients.find(({ clientId }) => clientId === id) ?? null,
    user: (key) => found.users.find((user) => isUserOf(user, key)) ?? null,
    isRevoked: (nonce) => found.revoked.includes(nonce),
    isSessionEnded: (familyId) => found.ended.includes(familyId),
    importedToken: (hash) => found.imported.find((token) => token.hash === hash) ?? null,
  };
}

function isUserOf(user: User, key: UserKey): boolean {
  return "id" in key ? user.id === key.id : user.username === key.username;
}
