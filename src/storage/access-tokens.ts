import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { attempt } from "./attempt.ts";

/** What an opaque access token grants, as the KV value has it. */
export interface AccessTokenRecord {
  readonly clientId: string;
  /** `users.id`, or null when the client acts for itself. */
  readonly subject: string | null;
  /** As on the wire. */
  readonly scope: string;
  readonly issuedAtMs: number;
  /** Decides; KV's own expiry only cleans up. */
  readonly expiresAtMs: number;
}

/** Access tokens at rest: the SHA-256 of each, never the token. */
export interface AccessTokenStore {
  /**
   * Stores what a token grants; the same token again overwrites. Await it before the answer, since
   * a token must never be read before it is written: KV caches look-ups that found nothing.
   *
   * @throws Unavailable when KV fails
   */
  put(token: string, record: AccessTokenRecord, nowMs: number): Promise<void>;
}

/** KV refuses to expire a key sooner than this. Source: Workers KV, "Expiring keys". */
const KV_TTL_SECONDS_MIN = 60;

/** Builds the {@link AccessTokenStore} over Workers KV. */
export function createAccessTokenStore(kv: KVNamespace): AccessTokenStore {
  return {
    async put(token, record, nowMs) {
      const key = toHex(await sha256(token));
      const secondsLeft = Math.ceil((record.expiresAtMs - nowMs) / 1000);
      const expirationTtl = Math.max(KV_TTL_SECONDS_MIN, secondsLeft);
      await attempt("kv.put_access_token", () => {
        return kv.put(key, JSON.stringify(record), { expirationTtl });
      });
    },
  };
}
