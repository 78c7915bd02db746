import type { VerifiedClient } from "../clients/client.ts";
import { hmacKey, hmacSha256, type Random, toHex, utf8 } from "../crypto/bytes.ts";
import { BoundedMap, InFlight } from "../isolate.ts";

/** Most cached secrets in one isolate, and most checks in progress: some 300 bytes each. */
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

/** A check of a secret that is in progress. */
export interface SecretCheck {
  /** Whether the secret is not cached and no other request checks it: only a hash can tell. */
  readonly isFirst: boolean;
  /**
   * Finds the hash that the secret matched recently; null: check it. While another request checks
   * the same secret, waits for its result for a while: many simultaneous requests in a new isolate
   * cost one check. The time does not depend on the number of hashes.
   *
   * @param hashes the stored ones of the valid secrets
   */
  find(hashes: readonly string[]): Promise<string | null>;
  /** Caches that the secret matches this hash. */
  store(hash: string): void;
  /** Ends the check: requests that wait for it continue. @param verified null: it was rejected */
  end(verified: VerifiedClient | null): void;
}

/**
 * Caches right client secrets in this isolate, so that PBKDF2 runs once for a client that calls
 * often. The key is an HMAC of the presented secret under a key that never leaves the isolate, and
 * the value is the stored hash, so that a changed secret is no longer found. Wrong secrets are not
 * cached: they could evict right ones.
 */
export interface SecretCache {
  /** Begins a check, before anything is looked up. It must be ended. */
  begin(clientId: string, secret: string): Promise<SecretCheck>;
  /**
   * The client for which the last check with this secret ended. Null: it was rejected, or the
   * secret is not cached. What D1 says of the client now may differ.
   */
  lastVerified(clientId: string, secret: string): Promise<VerifiedClient | null>;
}

/** A right secret. */
interface Match {
  readonly hash: string;
  readonly atMs: number;
  readonly verified: VerifiedClient | null;
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
  const matches = new BoundedMap<Match>(SECRETS_MAX);
  const checksBySecret = new BoundedMap<InFlight>(SECRETS_MAX);

  /** A digest, since unverified input may have any length. */
  async function nameOf(clientId: string, secret: string): Promise<string> {
    return toHex(await hmacSha256(await key, utf8(JSON.stringify([clientId, secret]))));
  }

  function matchOf(name: string): Match | null {
    const match = matches.get(name);
    return match !== undefined && clock() - match.atMs < SECRET_AGE_MS_MAX ? match : null;
  }

  function setVerified(name: string, client: VerifiedClient | null): void {
    const match = matches.get(name);
    if (match !== undefined) matches.set(name, { ...match, verified: client && pick(client) });
  }

  const isChecked = (name: string) => (checksBySecret.get(name)?.size ?? 0) > 0;

  /** @returns the end of the check */
  function start(name: string): () => void {
    const checks = checksBySecret.get(name) ?? new InFlight(CHECK_MS_MAX, clock);
    checksBySecret.set(name, checks);
    const own = checks.begin();
    return () => {
      checks.end(own);
      if (checks.size === 0 && checksBySecret.get(name) === checks) checksBySecret.delete(name);
    };
  }

  return {
    async begin(clientId, secret) {
      const name = await nameOf(clientId, secret);
      const isFirst = matchOf(name) === null && !isChecked(name);
      let end = isFirst ? start(name) : () => {};
      return {
        isFirst,
        async find(hashes) {
          const find = () => hashes.find((hash) => hash === matchOf(name)?.hash) ?? null;
          let cached = find();
          for (let pauseMs = PAUSE_MS_MIN; pauseMs <= PAUSE_MS_MAX; pauseMs *= 2) {
            if (cached !== null || !isChecked(name)) break;
            await wait(pauseMs);
            cached = find();
          }
          if (cached === null) end = start(name);
          return cached;
        },
        store: (hash) => matches.set(name, { hash, atMs: clock(), verified: null }),
        end(verified) {
          setVerified(name, verified);
          end();
        },
      };
    },

    async lastVerified(clientId, secret) {
      return matchOf(await nameOf(clientId, secret))?.verified ?? null;
    },
  };
}

/** Keeps no more of a client than is needed. */
function pick({ clientId, authMethod, grantTypes }: VerifiedClient): VerifiedClient {
  return { clientId, authMethod, grantTypes };
}
