import { BoundedMap } from "../isolate.ts";

/** Origins remembered in one isolate: some 400 bytes each at most. */
const ORIGINS_MAX = 1000;

/** How long an origin is remembered, in milliseconds: ten minutes. */
const ORIGIN_AGE_MS_MAX = 600_000;

/** Lookups for rejected requests that one isolate makes in a period. */
const LOOKUPS_MAX = 100;
const PERIOD_MS = 10_000;

/**
 * Decides whether a page may read the response to a request that was rejected before any lookup
 * (CORS). Remembers page origins that were found in a client's list. Other origins need a lookup;
 * these are limited, so that requests rejected by a rate limit do not load D1.
 */
export interface AllowedOrigins {
  /** Stores the result of a lookup. */
  record(origin: string, isAllowed: boolean): void;
  /** Whether a recent lookup found the origin. */
  remembers(origin: string): boolean;
  /** Whether the origin is in a client's list; false if that cannot be determined. */
  has(origin: string): Promise<boolean>;
}

/**
 * Builds empty {@link AllowedOrigins}.
 *
 * @param lookUp reads D1
 */
export function createAllowedOrigins(
  lookUp: (origin: string) => PromiseLike<boolean>,
  clock: () => number,
): AllowedOrigins {
  const recordedAtMs = new BoundedMap<number>(ORIGINS_MAX);
  let period = { startMs: 0, lookups: 0 };

  function record(origin: string, isAllowed: boolean): void {
    if (isAllowed) recordedAtMs.set(origin, clock());
    else recordedAtMs.delete(origin);
  }

  function remembers(origin: string): boolean {
    const atMs = recordedAtMs.get(origin);
    return atMs !== undefined && clock() - atMs < ORIGIN_AGE_MS_MAX;
  }

  return {
    record,
    remembers,

    async has(origin) {
      if (remembers(origin)) return true;
      const nowMs = clock();
      if (nowMs - period.startMs >= PERIOD_MS) period = { startMs: nowMs, lookups: 0 };
      if (period.lookups >= LOOKUPS_MAX) return false;
      period.lookups += 1;
      try {
        const isAllowed = await lookUp(origin);
        record(origin, isAllowed);
        return isAllowed;
      } catch {
        // The response is sent in any case; the page just cannot read it.
        return false;
      }
    },
  };
}
