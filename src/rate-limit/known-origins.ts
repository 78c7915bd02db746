import { BoundedMap } from "../isolate/bounded-map.ts";

/** Origins remembered in one isolate: some 400 bytes each at most. */
const ORIGINS_MAX = 1000;

/** How long an origin is remembered, in milliseconds: ten minutes. */
const ORIGIN_AGE_MS_MAX = 600_000;

/** Look-ups for refused requests that one isolate makes in a period. */
const LOOKUPS_MAX = 100;
const PERIOD_MS = 10_000;

/**
 * Tells whether the page of a refused request may read why, where nothing was looked up before the
 * refusal. It remembers origins that were found on a client's list. Others cost a look-up, of which
 * it makes few: requests that are refused because they are too many must not load D1.
 */
export interface KnownOrigins {
  /** Notes what a look-up found. */
  note(origin: string, isAllowed: boolean): void;
  /** Whether a look-up found the origin not long ago. */
  remembers(origin: string): boolean;
  /** Whether the origin is on a client's list; false when this cannot be told. */
  has(origin: string): Promise<boolean>;
}

/**
 * Builds {@link KnownOrigins} that know none.
 *
 * @param lookUp asks D1
 */
export function createKnownOrigins(
  lookUp: (origin: string) => PromiseLike<boolean>,
  clock: () => number,
): KnownOrigins {
  const notedAtMs = new BoundedMap<number>(ORIGINS_MAX);
  let period = { startMs: 0, lookups: 0 };

  function note(origin: string, isAllowed: boolean): void {
    if (isAllowed) notedAtMs.set(origin, clock());
    else notedAtMs.delete(origin);
  }

  function remembers(origin: string): boolean {
    const atMs = notedAtMs.get(origin);
    return atMs !== undefined && clock() - atMs < ORIGIN_AGE_MS_MAX;
  }

  return {
    note,
    remembers,

    async has(origin) {
      if (remembers(origin)) return true;
      const nowMs = clock();
      if (nowMs - period.startMs >= PERIOD_MS) period = { startMs: nowMs, lookups: 0 };
      if (period.lookups >= LOOKUPS_MAX) return false;
      period.lookups += 1;
      try {
        const isAllowed = await lookUp(origin);
        note(origin, isAllowed);
        return isAllowed;
      } catch {
        // The request has its answer already: it is only less readable.
        return false;
      }
    },
  };
}
