import { toHex, utf8 } from "../crypto/bytes.ts";
import { hmacKey, hmacSha256 } from "../crypto/digest.ts";
import type { Random } from "../crypto/random.ts";

/** Most remembered verdicts in one isolate: some 200 bytes each. */
const VERDICTS_MAX = 1000;

/** How long a verdict is remembered, in milliseconds: ten minutes. */
const VERDICT_AGE_MS_MAX = 600_000;

/**
 * Remembers, in this isolate alone, which client secrets were right, so that a client that calls
 * often costs PBKDF2 once. Keyed by the exact stored record, so that a changed secret is forgotten
 * by itself, and by an HMAC of the presented secret under a key that never leaves the isolate.
 * Only right secrets are remembered: wrong ones could push them out.
 */
export interface VerdictMemory {
  /**
   * Looks for a record that this secret was found right for not long ago. The same work however
   * many there are, and for none, which is what a client that does not exist has.
   */
  recall(records: readonly string[], secret: string, nowMs: number): Promise<string | null>;
  /** Remembers that this secret is right for this record. */
  remember(record: string, secret: string, nowMs: number): Promise<void>;
}

/** Builds an empty {@link VerdictMemory}. */
export function createVerdictMemory(random: Random): VerdictMemory {
  const key = hmacKey(random(32));
  const rememberedAtMs = new Map<string, number>();

  async function nameOf(secret: string): Promise<string> {
    return toHex(await hmacSha256(await key, utf8(secret)));
  }

  return {
    async recall(records, secret, nowMs) {
      const name = await nameOf(secret);
      const isFresh = (record: string) => {
        const atMs = rememberedAtMs.get(`${record} ${name}`);
        return atMs !== undefined && nowMs - atMs < VERDICT_AGE_MS_MAX;
      };
      return records.find(isFresh) ?? null;
    },

    async remember(record, secret, nowMs) {
      const name = `${record} ${await nameOf(secret)}`;
      rememberedAtMs.delete(name);
      rememberedAtMs.set(name, nowMs);
      const [oldest] = rememberedAtMs.keys();
      if (rememberedAtMs.size > VERDICTS_MAX && oldest !== undefined) {
        rememberedAtMs.delete(oldest);
      }
    },
  };
}
