import { toHex, utf8 } from "../crypto/bytes.ts";
import { hmacKey, hmacSha256 } from "../crypto/digest.ts";
import type { Random } from "../crypto/random.ts";
import { BoundedMap } from "../isolate/bounded-map.ts";
import { InFlight } from "../isolate/in-flight.ts";

/** Most cached secrets in one isolate, and most checks in progress: some 200 bytes each. */
const SECRETS_MAX = 1000;

/** How long a secret is cached, in milliseconds: ten minutes. */
const SECRET_AGE_MS_MAX = 600_000;

/**
 * Initial and longest polling interval while another request checks the same secret, in
 * milliseconds. Doubles after each poll.
 */
const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 640;

/** After this time a check counts as dropped, in milliseconds. */
const CHECK_MS_MAX = 3_000;

/** A secret that a request presents, and the stored hashes of the valid ones. */
export interface PresentedSecret {
  readonly clientId: string;
  readonly secret: string;
  /** Empty for a client that does not exist, or a secret that no client can have. */
  readonly hashes: readonly string[];
}

/** A check of a secret that is in progress. */
export interface SecretCheck {
  /** The hash that the secret matched recently, or null: check it. */
  readonly cached: string | null;
  /** Caches that the secret matches this hash. */
  store(hash: string): void;
  /** Ends the check: requests that wait for it continue. */
  end(): void;
}

/**
 * Caches right client secrets in this isolate, so that PBKDF2 runs once for a client that calls
 * often. The key is the stored hash, so that a changed secret is no longer found, and an HMAC of
 * the presented secret under a key that never leaves the isolate. Wrong secrets are not cached:
 * they could evict right ones.
 */
export interface SecretCache {
  /**
   * Looks a secret up. While another request checks the same one, waits for its result for a while:
   * many simultaneous requests in a new isolate cost one check. The time does not depend on the
   * number of hashes.
   */
  begin(presented: PresentedSecret): Promise<SecretCheck>;
}

/** What {@link createSecretCache} needs. */
export interface SecretCacheOptions {
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Builds an empty {@link SecretCache}. */
export function createSecretCache({ random, clock, wait }: SecretCacheOptions): SecretCache {
  const key = hmacKey(random(32));
  const matchedAtMs = new BoundedMap<number>(SECRETS_MAX);
  const checksBySecret = new BoundedMap<InFlight>(SECRETS_MAX);

  return {
    async begin({ clientId, secret, hashes }) {
      // A digest, since unverified input may have any length.
      const presented = utf8(JSON.stringify([clientId, secret]));
      const name = toHex(await hmacSha256(await key, presented));
      const find = () => {
        const isCached = (hash: string) => {
          const atMs = matchedAtMs.get(`${hash} ${name}`);
          return atMs !== undefined && clock() - atMs < SECRET_AGE_MS_MAX;
        };
        return hashes.find(isCached) ?? null;
      };
      let cached = find();
      for (let pauseMs = PAUSE_MS_MIN; pauseMs <= PAUSE_MS_MAX; pauseMs *= 2) {
        if (cached !== null || (checksBySecret.get(name)?.size ?? 0) === 0) break;
        await wait(pauseMs);
        cached = find();
      }
      const store = (hash: string) => matchedAtMs.set(`${hash} ${name}`, clock());
      if (cached !== null) return { cached, store, end() {} };
      const checks = checksBySecret.get(name) ?? new InFlight(CHECK_MS_MAX, clock);
      checksBySecret.set(name, checks);
      const own = checks.begin();
      return {
        cached,
        store,
        end() {
          checks.end(own);
          if (checks.size === 0 && checksBySecret.get(name) === checks) checksBySecret.delete(name);
        },
      };
    },
  };
}
