import { sha256, toHex } from "../crypto/bytes.ts";
import { callWithDeadline } from "../isolate.ts";
import { countRetry } from "../telemetry/request-log.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";

/** Stores opaque access tokens under their SHA-256. `expiresAtMs` determines when they expire. */
export interface AccessTokenStore {
  /**
   * Stores what a token grants; overwrites. A token should not be read before it is written, since
   * KV caches misses.
   *
   * @throws Unavailable when KV fails
   */
  put(token: string, content: AccessTokenContent, nowMs: number): Promise<void>;
  /** @returns what the token grants, or null if KV does not have it. @throws Unavailable */
  get(token: string): Promise<AccessTokenContent | null>;
  /** Deletes a token. Other locations may still return it for a minute. @throws Unavailable */
  delete(token: string): Promise<void>;
}

/** Shortest expiration that KV allows. Source: Workers KV, "Expiring keys". */
const KV_TTL_SECONDS_MIN = 60;

/** Builds the {@link AccessTokenStore} over Workers KV. */
export function createAccessTokenStore(kv: KVNamespace): AccessTokenStore {
  return {
    async put(token, content, nowMs) {
      const key = await hashToken(token);
      const secondsLeft = Math.ceil((content.expiresAtMs - nowMs) / 1000);
      const expirationTtl = Math.max(KV_TTL_SECONDS_MIN, secondsLeft);
      const put = () => kv.put(key, JSON.stringify(content), { expirationTtl });
      // Retried once: without the entry, each fast check costs as much as a strict one.
      const retryPut = () => {
        countRetry();
        return put();
      };
      await callWithDeadline("kv.put_access_token", () => put().catch(retryPut));
    },

    async get(token) {
      const key = await hashToken(token);
      return callWithDeadline("kv.get_access_token", () => kv.get<AccessTokenContent>(key, "json"));
    },

    async delete(token) {
      const key = await hashToken(token);
      await callWithDeadline("kv.delete_access_token", () => kv.delete(key));
    },
  };
}

async function hashToken(token: string): Promise<string> {
  return toHex(await sha256(token));
}
