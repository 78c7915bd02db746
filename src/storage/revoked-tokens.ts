import { callWithDeadline } from "../isolate.ts";

/** Stores revoked access tokens without a family, until they expire. */
export interface RevokedTokenStore {
  /**
   * Stores that a token is revoked. Can be repeated.
   *
   * @param nonce of the token; for an imported token its hash
   * @throws Unavailable when D1 fails
   */
  add(nonce: string, expiresAtMs: number, nowMs: number): Promise<void>;
}

/**
 * Each write removes more rows than it adds, so that no job is needed, and few enough that many
 * expired ones cannot make it fail.
 */
const REMOVE_EXPIRED = `DELETE FROM revoked_access_tokens WHERE nonce IN (
  SELECT nonce FROM revoked_access_tokens WHERE expires_at_ms <= ? LIMIT 100)`;

/** Builds the {@link RevokedTokenStore} over D1. */
export function createRevokedTokenStore(db: D1Database): RevokedTokenStore {
  return {
    async add(nonce, expiresAtMs, nowMs) {
      const statements = [
        db
          .prepare(
            "INSERT OR IGNORE INTO revoked_access_tokens (nonce, expires_at_ms) VALUES (?, ?)",
          )
          .bind(nonce, expiresAtMs),
        db.prepare(REMOVE_EXPIRED).bind(nowMs),
      ];
      await callWithDeadline("d1.revoke_nonce", () => db.batch(statements));
    },
  };
}
