import { toHex, utf8 } from "../crypto/bytes.ts";
import { hmacKey, hmacSha256 } from "../crypto/digest.ts";
import type { Random } from "../crypto/random.ts";

/** Most remembered verdicts in one isolate, and most checks under way: some 200 bytes each. */
const VERDICTS_MAX = 1000;

/** How long a verdict is remembered, in milliseconds: ten minutes. */
const VERDICT_AGE_MS_MAX = 600_000;

/**
 * How long who waits for another's verdict waits before it looks for the first time, in
 * milliseconds, and at most between two looks: each pause is twice the one before.
 */
const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 640;

/**
 * After so long a check is taken for dead, in milliseconds: the platform drops the request of a
 * caller who hangs up, and nothing behind its `await` runs, no `finally` either.
 */
const CHECK_MS_MAX = 3_000;

/** A secret that a client is said to have, and what is stored of the right ones. */
export interface PresentedSecret {
  readonly clientId: string;
  readonly secret: string;
  /** None for a client that does not exist, or a secret that nobody can have. */
  readonly records: readonly string[];
}

/** One use of a secret. */
export interface SecretUse {
  /** The record that the secret was found right for not long ago, or null: it has to be checked. */
  readonly remembered: string | null;
  /** Remembers that the secret is right for this record. */
  remember(record: string): void;
  /** Says that the use is over: who waits for its verdict need not. */
  end(): void;
}

/**
 * Remembers, in this isolate alone, which client secrets were right, so that a client that calls
 * often costs PBKDF2 once. Keyed by the exact stored record, so that a changed secret is forgotten
 * by itself, and by an HMAC of what was presented under a key that never leaves the isolate.
 * Only right secrets are remembered: wrong ones could push them out.
 */
export interface VerdictMemory {
  /**
   * Looks whether the secret is known to be right. While another request checks the same one, its
   * verdict is waited for, a while: many that come at once to a new isolate cost one check. The
   * same work however many records there are, and for none.
   */
  use(presented: PresentedSecret): Promise<SecretUse>;
}

/** What {@link createVerdictMemory} needs. */
export interface VerdictMemoryOptions {
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Builds an empty {@link VerdictMemory}. */
export function createVerdictMemory({ random, clock, wait }: VerdictMemoryOptions): VerdictMemory {
  const key = hmacKey(random(32));
  const rememberedAtMs = new Map<string, number>();
  /** Since when a secret of a client is being checked. */
  const checks = new Map<string, { readonly atMs: number }>();

  const isFresh = (atMs: number | undefined, ageMsMax: number) => {
    return atMs !== undefined && clock() - atMs < ageMsMax;
  };

  return {
    async use({ clientId, secret, records }) {
      // Both of any length until they are proved: the caller's own text is kept by no map.
      const presented = utf8(JSON.stringify([clientId, secret]));
      const name = toHex(await hmacSha256(await key, presented));
      const recall = () => {
        const isKnown = (record: string) => {
          return isFresh(rememberedAtMs.get(`${record} ${name}`), VERDICT_AGE_MS_MAX);
        };
        return records.find(isKnown) ?? null;
      };
      let remembered = recall();
      for (let pauseMs = PAUSE_MS_MIN; pauseMs <= PAUSE_MS_MAX; pauseMs *= 2) {
        if (remembered !== null || !isFresh(checks.get(name)?.atMs, CHECK_MS_MAX)) break;
        await wait(pauseMs);
        remembered = recall();
      }
      const own = { atMs: clock() };
      if (remembered === null) note(checks, name, own);
      return {
        remembered,
        remember: (record) => note(rememberedAtMs, `${record} ${name}`, clock()),
        end() {
          if (checks.get(name) === own) checks.delete(name);
        },
      };
    },
  };
}

function note<Value>(map: Map<string, Value>, name: string, value: Value): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > VERDICTS_MAX && oldest !== undefined) map.delete(oldest);
}
