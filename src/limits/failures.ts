/**
 * Failures at one secret, such as the password of a user name, as a pure state machine. So many are
 * free; each one more doubles the delay until the next attempt. The Durable Object around it loads
 * the state, applies one event, stores the state.
 *
 * Whoever comes from a place from which the secret was right before has a count of their own there,
 * so that strangers' failures lock nobody out, and a success forgives only what failed at its
 * place: otherwise every login of the victim would give the guesser fresh attempts.
 */

/** Failures so far, of which some are forgotten with time. */
export interface FailureCount {
  /** As of {@link lastAtMs}; a fraction is left of what is being forgotten. */
  readonly count: number;
  /** Milliseconds since the epoch, as all instants here. */
  readonly lastAtMs: number;
}

/** Where the secret was right before. */
export interface KnownPlace {
  /** A digest: see `throttle/names.ts`. */
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

/** Which count an attempt belongs to: that of a known place, or null for the strangers'. */
export type Counter = string | null;

/** Whether an attempt may be made. */
export type Admission =
  | { readonly kind: "admitted"; readonly counter: Counter }
  /** @property isKnown whether it comes from a known place */
  | { readonly kind: "throttled"; readonly retryAtMs: number; readonly isKnown: boolean };

/** Who wants to make an attempt. */
export interface Approach {
  /** Where it comes from; the first known one that admits it is its counter. */
  readonly places: readonly string[];
  /** Strangers may not before, whatever failed here; 0: they may. */
  readonly strangersFromMs: number;
}

/** Known places of one secret: a person has a few, and a list has a limit. */
export const PLACES_MAX = 16;

/** A place is noted anew after so long: each note costs a row. */
const PLACE_NOTE_MS = 30 * 86_400_000;

/** How long a place is known after it was noted: at least 90 days after it was used last. */
export const PLACE_KEPT_MS = 90 * 86_400_000 + PLACE_NOTE_MS;

/** What is left of a forgotten failure in floating point. */
const ROUNDING = 1e-6;

const NONE: FailureCount = { count: 0, lastAtMs: 0 };

/** Nothing has failed, and no place is known. */
export const NO_FAILURES: FailureState = { strangers: NONE, places: [] };

/**
 * Decides whether an attempt may be made now.
 *
 * @param pendingOf attempts under way of a counter, each of which may yet fail
 */
export function admit(
  state: FailureState,
  { places, strangersFromMs }: Approach,
  pendingOf: (counter: Counter) => number,
  nowMs: number,
  policy: FailurePolicy,
): Admission {
  const known = state.places.filter(
    ({ place, notedAtMs }) => places.includes(place) && nowMs < notedAtMs + PLACE_KEPT_MS,
  );
  const isKnown = known.length > 0;
  let retryAtMs = Number.POSITIVE_INFINITY;
  for (const counter of isKnown ? known.map(({ place }) => place) : [null]) {
    const failures = failuresOf(state, counter);
    const ownAtMs = admittedAtMs(failures, pendingOf(counter), nowMs, policy);
    const atMs = counter === null ? Math.max(ownAtMs, strangersFromMs) : ownAtMs;
    if (atMs <= nowMs) return { kind: "admitted", counter };
    retryAtMs = Math.min(retryAtMs, atMs);
  }
  return { kind: "throttled", retryAtMs, isKnown };
}

/**
 * Counts one failure, if it makes the delay any longer: whoever comes after a month of guessing
 * waits no longer than after a day of it.
 */
export function fail(
  state: FailureState,
  counter: Counter,
  nowMs: number,
  policy: FailurePolicy,
): FailureState {
  const known = state.places.find(({ place }) => place === counter);
  const before = known?.failures ?? state.strangers;
  const failures = {
    count: Math.min(remaining(before, nowMs, policy) + 1, countMax(policy)),
    lastAtMs: Math.max(nowMs, before.lastAtMs),
  };
  // A place that was forgotten meanwhile is a stranger's.
  if (known === undefined) return { ...state, strangers: failures };
  const places = state.places.map((each) => (each === known ? { ...known, failures } : each));
  return { ...state, places };
}

/**
 * Notes where the secret was right, and forgives what failed there. When one place is noted all
 * are, since the place of a login that succeeds must not be pushed out by where others succeed.
 *
 * @returns the very state that was passed when there is nothing to note
 */
export function succeed(
  state: FailureState,
  places: readonly string[],
  nowMs: number,
): FailureState {
  const isNoted = (place: string) =>
    state.places.some(
      (known) =>
        known.place === place &&
        known.failures.count === 0 &&
        nowMs < known.notedAtMs + PLACE_NOTE_MS,
    );
  if (places.every(isNoted)) return state;
  const noted = places.map((place) => ({ place, notedAtMs: nowMs, failures: NONE }));
  const others = state.places.filter(({ place }) => !places.includes(place));
  return { ...state, places: [...noted, ...others].slice(0, PLACES_MAX) };
}

/**
 * Forgives strangers so many failures: where many try, some fail, and most succeed. Once no attempt
 * is free any more time alone forgives, or a guesser would have an attempt for each that succeeds.
 *
 * @returns the very state that was passed when there is nothing to forgive
 */
export function forgive(
  state: FailureState,
  failures: number,
  nowMs: number,
  policy: FailurePolicy,
): FailureState {
  const { count, lastAtMs } = state.strangers;
  if (count === 0 || failures === 0) return state;
  if (wholeFailures(state.strangers, nowMs, policy) >= policy.free) return state;
  return { ...state, strangers: { count: Math.max(0, count - failures), lastAtMs } };
}

/** From when on strangers may try: now, if they may. */
export function strangersAdmittedAtMs(
  state: FailureState,
  nowMs: number,
  policy: FailurePolicy,
): number {
  return Math.max(nowMs, admittedAtMs(state.strangers, 0, nowMs, policy));
}

/** From when on the state says no more than {@link NO_FAILURES}. */
export function neededUntilMs(state: FailureState, policy: FailurePolicy): number {
  const forgottenAtMs = ({ count, lastAtMs }: FailureCount) =>
    lastAtMs + (count * policy.forgottenMs) / policy.free;
  const ends = state.places.map(({ notedAtMs }) => notedAtMs + PLACE_KEPT_MS);
  return Math.ceil(Math.max(forgottenAtMs(state.strangers), ...ends));
}

/**
 * From when on an attempt is admitted. Those under way count as failed, since a thousand at once
 * would otherwise all be free; beyond the free ones there is one at a time.
 */
function admittedAtMs(
  failures: FailureCount,
  pending: number,
  nowMs: number,
  policy: FailurePolicy,
): number {
  if (wholeFailures(failures, nowMs, policy) + pending < policy.free) return nowMs;
  const excess = Math.max(0, Math.round(failures.count + pending - policy.free));
  const delayMs = Math.min(policy.delayMsMax, policy.delayMsMin * 2 ** excess);
  return (pending > 0 ? nowMs : failures.lastAtMs) + delayMs;
}

/** Failures after which the delay is the longest. */
function countMax({ free, delayMsMin, delayMsMax }: FailurePolicy): number {
  return free + Math.max(0, Math.ceil(Math.log2(delayMsMax / delayMsMin)));
}

/** A failure is forgotten as a whole, though it fades: a fraction of one admits nobody. */
function wholeFailures(failures: FailureCount, nowMs: number, policy: FailurePolicy): number {
  return Math.ceil(remaining(failures, nowMs, policy) - ROUNDING);
}

function remaining({ count, lastAtMs }: FailureCount, nowMs: number, policy: FailurePolicy) {
  const forgotten = (Math.max(0, nowMs - lastAtMs) * policy.free) / policy.forgottenMs;
  return Math.max(0, count - forgotten);
}

function failuresOf(state: FailureState, counter: Counter): FailureCount {
  if (counter === null) return state.strangers;
  return state.places.find(({ place }) => place === counter)?.failures ?? NONE;
}
