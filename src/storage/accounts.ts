import { Misconfigured } from "../protocol/refusal.ts";
import { normalizeUsername, type UsernameMode, usernameKey } from "../protocol/usernames.ts";
import { toUser, type User, type UserRow } from "./account-rows.ts";
import { attempt } from "./attempt.ts";
import {
  type AccountQuery,
  type Accounts,
  findAccounts,
  selectOrigin,
  selectUser,
} from "./find-accounts.ts";
import { rowOfName } from "./usernames.ts";

export type { Client, User } from "./account-rows.ts";
export type { AccountQuery, Accounts, SessionKey, UserKey } from "./find-accounts.ts";

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
   * Replaces one of a client's secret records, the current or the previous one, unless somebody
   * else replaced it first.
   *
   * @returns whether it did
   * @throws Unavailable when D1 fails
   */
  replaceSecretRecord(clientId: string, from: string, to: string): Promise<boolean>;
  /**
   * Adds an active user unless there is one of that name, or of one that differs only in case.
   *
   * @param user with an id that no token can name yet, so that every login of it is valid
   * @returns the user of that name, added now or before; null: only the case of another differs
   * @throws Unavailable when D1 fails, or names must be folded first
   */
  addUser(user: Pick<User, "id" | "username" | "passwordRecord">): Promise<User | null>;
  /** Remembers, until it expires, that a token without a family is revoked. @throws Unavailable */
  revokeNonce(nonce: string, expiresAtMs: number, nowMs: number): Promise<void>;
}

const REPLACE_SECRET_RECORD = `UPDATE clients SET
  secret_record = iif(secret_record = ?2, ?3, secret_record),
  previous_secret_record = iif(previous_secret_record = ?2, ?3, previous_secret_record)
  WHERE client_id = ?1 AND ?2 IN (secret_record, previous_secret_record)`;

/**
 * A key that is NULL is that of a row of before 0.3 whose name is not ASCII, or of a row that a
 * Worker or a command of before wrote during an upgrade. Of two first logins at once the second may
 * have begun before the first: so not_before_ms is 0.
 */
const ADD_USER = `INSERT INTO users (id, username, username_key, password_record, not_before_ms)
  SELECT ?1, ?2, ?3, ?4, 0 WHERE NOT EXISTS (
    SELECT 1 FROM users WHERE username IN (?2, ?5) OR username_key = ?3
    OR (username_key IS NULL AND (?6 OR lower(username) = ?3))
  ) AND NOT EXISTS (SELECT 1 FROM clients WHERE client_id = ?1) ON CONFLICT DO NOTHING`;

/**
 * Builds the {@link AccountStore} over D1.
 *
 * @param mode how user names compare
 */
export function createAccountStore(db: D1Database, mode: UsernameMode = "exact"): AccountStore {
  return {
    find: (query) => findAccounts(db, query, mode),

    async isOriginAllowed(origin) {
      const statement = selectOrigin(db, origin);
      return (await attempt("d1.find_origin", () => statement.first())) !== null;
    },

    async replacePasswordRecord(userId, from, to) {
      const statement = db
        .prepare("UPDATE users SET password_record = ? WHERE id = ? AND password_record = ?")
        .bind(to, userId, from);
      const { meta } = await attempt("d1.replace_password_record", () => statement.run());
      return meta.changes > 0;
    },

    async replaceSecretRecord(clientId, from, to) {
      const statement = db.prepare(REPLACE_SECRET_RECORD).bind(clientId, from, to);
      const { meta } = await attempt("d1.replace_secret_record", () => statement.run());
      return meta.changes > 0;
    },

    async addUser({ id, username, passwordRecord }) {
      const name = normalizeUsername(username);
      const key = usernameKey(name);
      const isBeyondAscii = /[^ -~]/.test(name) ? 1 : 0;
      const values = [id, name, key, passwordRecord, name.normalize("NFD"), isBeyondAscii];
      const statements = [
        db.prepare(ADD_USER).bind(...values),
        selectUser(db, { username }),
        db.prepare("SELECT id FROM users WHERE username_key IS NULL LIMIT 1"),
      ];
      const results = await attempt("d1.add_user", () => db.batch<UserRow>(statements));
      const [, named, unfolded] = results.map((result) => result.results);
      const row = rowOfName(named ?? [], username, mode);
      if (row !== undefined) return toUser(row);
      if (named?.length === 0 && isBeyondAscii === 1 && unfolded?.length === 1) {
        throw new Misconfigured(
          "a user of the old token endpoint cannot be added: run the command user fold-names",
        );
      }
      return null;
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
