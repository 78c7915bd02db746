import { callWithDeadline } from "../deadline.ts";

/** Access tokens without a family that were revoked, until they expire. */
export interface RevokedTokenStore {
  /**
   * Remembers that a token is revoked; doing so again changes nothing.
   *
   * @param nonce of the token; of an imported one its hash
   * @throws Unavailable when D1 fails
   */
  add(nonce: string, expiresAtMs: number, nowMs: number): Promise<void>;
}

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
        // Each writer removes what has expired, so that the table needs no job of its own.
        db.prepare("DELETE FROM revoked_access_tokens WHERE expires_at_ms <= ?").bind(nowMs),
      ];
      await callWithDeadline("d1.revoke_nonce", () => db.batch(statements));
    },
  };
}
