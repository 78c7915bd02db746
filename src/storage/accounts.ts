import { Unavailable } from "../protocol/refusal.ts";
import { toUser, type User, type UserRow } from "./account-rows.ts";
import { attempt } from "./attempt.ts";
import { type AccountQuery, type Accounts, findAccounts, selectUser } from "./find-accounts.ts";

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

const REPLACE_SECRET_RECORD = `UPDATE clients SET
  secret_record = iif(secret_record = ?2, ?3, secret_record),
  previous_secret_record = iif(previous_secret_record = ?2, ?3, previous_secret_record)
  WHERE client_id = ?1 AND ?2 IN (secret_record, previous_secret_record)`;
/** Builds the {@link AccountStore} over D1. */
export function createAccountStore(db: D1Database): AccountStore {
  return {
    find: (query) => findAccounts(db, query),

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

    async replaceSecretRecord(clientId, from, to) {
      const statement = db.prepare(REPLACE_SECRET_RECORD).bind(clientId, from, to);
      const { meta } = await attempt("d1.replace_secret_record", () => statement.run());
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
