import { Unavailable } from "../protocol/refusal.ts";
import {
  type Client,
  type ClientRow,
  toClient,
  toUser,
  type User,
  type UserRow,
} from "./account-rows.ts";
import { attempt } from "./attempt.ts";

export type { Client, User } from "./account-rows.ts";

/** Which user to look up. */
export type UserKey = { readonly username: string } | { readonly id: string };

/** What to look up, all in one round trip. */
export interface AccountQuery {
  readonly clientIds: readonly string[];
  readonly userKeys: readonly UserKey[];
  /** Nonces of access tokens without a family, to learn whether they were revoked. */
  readonly nonces: readonly string[];
}

/** What a look-up found, as of one moment. */
export interface Accounts {
  client(clientId: string): Client | null;
  user(key: UserKey): User | null;
  isRevoked(nonce: string): boolean;
}

/** Reads of clients and users, and the few writes that a request may cause. */
export interface AccountStore {
  /** Looks everything up in one round trip. @throws Unavailable when D1 fails or is not migrated */
  find(query: Partial<AccountQuery>): Promise<Accounts>;
  /** Whether any client that is not disabled may be called from this origin. @throws Unavailable */
  isOriginAllowed(origin: string): Promise<boolean>;
  /**
   * Replaces a password record unless somebody else replaced it first.
   *
   * @returns whether it did
   * @throws Unavailable when D1 fails
   */
  replacePasswordRecord(userId: string, from: string, to: string): Promise<boolean>;
  /**
   * Adds an active user unless there is one of that name.
   *
   * @param user with an id that no token can name yet, so that every login of it is good
   * @returns the user of that name, whoever added it
   * @throws Unavailable when D1 fails
   */
  addUser(user: Pick<User, "id" | "username" | "passwordRecord">): Promise<User>;
  /** Remembers, until it expires, that a token without a family is revoked. @throws Unavailable */
  revokeNonce(nonce: string, expiresAtMs: number, nowMs: number): Promise<void>;
}

// Columns are named, so that a database that lacks one fails at once and says which.
const SELECT_CLIENT = `SELECT client_id, client_name, token_endpoint_auth_method, secret_record,
  previous_secret_record, previous_secret_ends_at_ms, jwks, grant_types, scope, default_scope,
  audience, claims, allowed_origins, access_token_format, access_token_ttl_seconds,
  refresh_idle_ttl_seconds, refresh_absolute_ttl_seconds, disabled, not_before_ms
  FROM clients WHERE client_id = ?`;
const SELECT_USER_BY_ID = `SELECT id, username, password_record, claims, is_active, not_before_ms
  FROM users WHERE id = ?`;
const SELECT_USER_BY_NAME = `SELECT id, username, password_record, claims, is_active, not_before_ms
  FROM users WHERE username = ?`;
const SELECT_REVOKED = "SELECT nonce FROM revoked_access_tokens WHERE nonce = ?";

/** Builds the {@link AccountStore} over D1. */
export function createAccountStore(db: D1Database): AccountStore {
  return {
    async find({ clientIds = [], userKeys = [], nonces = [] }) {
      const statements = [
        ...clientIds.map((id) => db.prepare(SELECT_CLIENT).bind(id)),
        ...userKeys.map((key) => selectUser(db, key)),
        ...nonces.map((nonce) => db.prepare(SELECT_REVOKED).bind(nonce)),
      ];
      const results = await attempt("d1.find_accounts", () => db.batch(statements));
      const rows = results.flatMap((result) => result.results as object[]);
      const clients = rows.filter((row): row is ClientRow => "client_id" in row).map(toClient);
      const users = rows.filter((row): row is UserRow => "username" in row).map(toUser);
      const revoked = rows.filter((row): row is { nonce: string } => "nonce" in row);
      return {
        client: (id) => clients.find(({ clientId }) => clientId === id) ?? null,
        user: (key) => users.find((user) => isUserOf(user, key)) ?? null,
        isRevoked: (nonce) => revoked.some((row) => row.nonce === nonce),
      };
    },

    async isOriginAllowed(origin) {
      const statement = db
        .prepare(
          `SELECT 1 FROM clients WHERE allowed_origins <> '' AND disabled = 0
           AND instr(' ' || allowed_origins || ' ', ' ' || ? || ' ') > 0 LIMIT 1`,
        )
        .bind(origin);
      return (await attempt("d1.find_origin", () => statement.first())) !== null;
    },

    async replacePasswordRecord(userId, from, to) {
      const statement = db
        .prepare("UPDATE users SET password_record = ? WHERE id = ? AND password_record = ?")
        .bind(to, userId, from);
      const { meta } = await attempt("d1.replace_password_record", () => statement.run());
      return meta.changes > 0;
    },

    async addUser({ id, username, passwordRecord }) {
      const statements = [
        // Of two first logins at once the one that comes second may have begun before the other.
        db
          .prepare(
            `INSERT INTO users (id, username, password_record, not_before_ms) VALUES (?, ?, ?, 0)
             ON CONFLICT (username) DO NOTHING`,
          )
          .bind(id, username, passwordRecord),
        selectUser(db, { username }),
      ];
      const results = await attempt("d1.add_user", () => db.batch<UserRow>(statements));
      const row = results[1]?.results[0];
      if (row === undefined) throw new Unavailable("d1.add_user", "the user is not there");
      return toUser(row);
    },

    async revokeNonce(nonce, expiresAtMs, nowMs) {
      const statements = [
        db
          .prepare(
            "INSERT OR IGNORE INTO revoked_access_tokens (nonce, expires_at_ms) VALUES (?, ?)",
          )
          .bind(nonce, expiresAtMs),
        // Each writer sweeps, so that the table needs no clean-up of its own.
        db.prepare("DELETE FROM revoked_access_tokens WHERE expires_at_ms <= ?").bind(nowMs),
      ];
      await attempt("d1.revoke_nonce", () => db.batch(statements));
    },
  };
}

function selectUser(db: D1Database, key: UserKey): D1PreparedStatement {
  return "id" in key
    ? db.prepare(SELECT_USER_BY_ID).bind(key.id)
    : db.prepare(SELECT_USER_BY_NAME).bind(key.username);
}

function isUserOf(user: User, key: UserKey): boolean {
  return "id" in key ? user.id === key.id : user.username === key.username;
}
