/** The state of the failures at one secret; `failures.ts` changes it. */

/** A count of failures, which decreases with time. */
export interface FailureCount {
  /** As of {@link lastAtMs}; may have a fraction. */
  readonly count: number;
  /** Milliseconds since the epoch, as all instants here. */
  readonly lastAtMs: number;
}

/** An origin from which the secret was right before: an address, or a client without one. */
interface KnownOrigin {
  /** A keyed digest: see `rate-limit/counter-names.ts`. */
  readonly place: string;
  /** When a success from it was last stored. */
  readonly notedAtMs: number;
  readonly failures: FailureCount;
}

/**
 * The failures at one secret. Stored in Durable Objects, so property names cannot change: here and
 * in what the Worker sends, a `place` is an origin and `strangers` are unknown origins.
 */
export interface FailureState {
  /** Failures from all unknown origins. */
  readonly strangers: FailureCount;
  /** The known origins, latest first, at most {@link ORIGINS_MAX}. */
  readonly places: readonly KnownOrigin[];
  /** When a success from a new origin last offset a failure; see `admit` in `failures.ts`. */
  readonly creditedAtMs?: number;
  /** The last unlock that was applied. */
  readonly unlockedAtMs?: number;
}

/** Limits of a counter. */
export interface FailurePolicy {
  /** Failures before the first delay. */
  readonly free: number;
  /** The time in which that many failures expire. */
  readonly forgottenMs: number;
  /** The first delay; each further failure doubles it. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

/** Most known origins of one secret: a person has a few. */
export const ORIGINS_MAX = 16;

/** No failures. */
export const NO_COUNT: FailureCount = { count: 0, lastAtMs: 0 };

/** No failures and no known origin. */
export const NO_FAILURES: FailureState = { strangers: NO_COUNT, places: [] };
