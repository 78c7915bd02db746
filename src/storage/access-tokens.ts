import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { callWithDeadline } from "../deadline.ts";
import { countRetry } from "../telemetry/request-log.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";

/** Opaque access tokens at rest: the SHA-256 of each, never the token. `expiresAtMs` decides. */
export interface AccessTokenStore {
  /**
   * Stores what a token grants; the same token again overwrites. Await it before the answer, since
   * a token must never be read before it is written: KV caches look-ups that found nothing.
   *
   * @throws Unavailable when KV fails
   */
  put(token: string, content: AccessTokenContent, nowMs: number): Promise<void>;
  /** @returns what the token grants, or null when KV has nothing of it; @throws Unavailable */
  get(token: string): Promise<AccessTokenContent | null>;
  /** Forgets a token; elsewhere KV may still answer with it for a minute. @throws Unavailable */
  delete(token: string): Promise<void>;
}

/** KV refuses to expire a key sooner than this. Source: Workers KV, "Expiring keys". */
const KV_TTL_SECONDS_MIN = 60;

/** Builds the {@link AccessTokenStore} over Workers KV. */
export function createAccessTokenStore(kv: KVNamespace): AccessTokenStore {
  return {
    async put(token, content, nowMs) {
      const key = await hashToken(token);
      const secondsLeft = Math.ceil((content.expiresAtMs - nowMs) / 1000);
      const expirationTtl = Math.max(KV_TTL_SECONDS_MIN, secondsLeft);
      const put = () => kv.put(key, JSON.stringify(content), { expirationTtl });
      // Once more by itself: under `reject` the client that is told to retry has lost its session.
      const putAgain = () => {
        countRetry();
        return put();
      };
      await callWithDeadline("kv.put_access_token", () => put().catch(putAgain));
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
