/** What is known of the failures at one secret; see `failures.ts` for what changes it. */

/** Failures so far, some of which are forgotten with time. */
export interface FailureCount {
  /** As of {@link lastAtMs}; a fraction is left of what is being forgotten. */
  readonly count: number;
  /** Milliseconds since the epoch, as all instants here. */
  readonly lastAtMs: number;
}

/** Where the secret was right before. */
export interface KnownPlace {
  /** A keyed digest: see `rate-limit/counter-names.ts`. */
  readonly place: string;
  readonly notedAtMs: number;
  readonly failures: FailureCount;
}

/** All that is known of one secret's failures. */
export interface FailureState {
  /** Failures from everywhere else. */
  readonly strangers: FailureCount;
  /** Last noted first, at most {@link PLACES_MAX}. */
  readonly places: readonly KnownPlace[];
  /** When a first success from a new place last counted as a credit; see {@link admit}. */
  readonly creditedAtMs?: number;
  /** The last unlock that was applied. */
  readonly unlockedAtMs?: number;
}

/** How failures are met. */
export interface FailurePolicy {
  /** Failures before the first delay. */
  readonly free: number;
  /** In which time so many failures are forgotten. */
  readonly forgottenMs: number;
  /** The first delay; each further failure doubles it. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

/** Known places of one secret: a person has a few, and a list has a limit. */
export const PLACES_MAX = 16;

/** Nothing has failed. */
export const NO_COUNT: FailureCount = { count: 0, lastAtMs: 0 };

/** Nothing has failed, and no place is known. */
export const NO_FAILURES: FailureState = { strangers: NO_COUNT, places: [] };

/** Forgets all failures, once for each unlock. @returns the same state for one that was applied */
export function forget(state: FailureState, untilMs: number): FailureState {
  if (untilMs <= (state.unlockedAtMs ?? 0)) return state;
  const places = state.places.map((each) => ({ ...each, failures: NO_COUNT }));
  return { ...state, strangers: NO_COUNT, places, unlockedAtMs: untilMs };
}

/** Whether any failure counts. */
export function hasFailures({ strangers, places }: FailureState): boolean {
  return strangers.count > 0 || places.some(({ failures }) => failures.count > 0);
}
