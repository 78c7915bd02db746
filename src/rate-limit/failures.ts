/**
 * Failures at one secret, such as the password of a user name, as a pure state machine. Some are
 * free; each further one doubles the delay until the next attempt. The Durable Object around it
 * loads the state, applies one event, stores the state.
 *
 * A place from which the secret was right before is known and has its own count, so that failures
 * from elsewhere do not lock its users out. A success clears only the count of its own place:
 * otherwise every login of the victim would give the guesser fresh attempts.
 */
import {
  type FailureCount,
  type FailurePolicy,
  type FailureState,
  NO_COUNT,
  PLACES_MAX,
} from "./failure-state.ts";

export type { FailurePolicy, FailureState } from "./failure-state.ts";
export { forget, hasFailures, NO_FAILURES, PLACES_MAX } from "./failure-state.ts";

/** Which count an attempt belongs to: that of a known place, or null for the strangers'. */
export type Counter = string | null;

/** Whether an attempt may be made. */
export type Admission =
  /** @property earnsCredit whether a success offsets a failure through the same client */
  | { readonly kind: "admitted"; readonly counter: Counter; readonly earnsCredit?: boolean }
  /** @property isKnown whether it comes from a known place */
  | { readonly kind: "throttled"; readonly retryAtMs: number; readonly isKnown: boolean };

/** Who wants to make an attempt. */
export interface Approach {
  /** Where it comes from; the first known one that admits it is its counter. */
  readonly places: readonly string[];
  /** Attempts from unknown places wait until then, whatever failed here; 0: they need not. */
  readonly strangersFromMs: number;
  /** The same for attempts from known places. */
  readonly knownFromMs?: number;
  /** When an operator last unlocked the secret; applied once, whatever the two clocks say. */
  readonly unlockedAtMs?: number;
}

/** A place is noted anew after so long: each note costs a row. */
const PLACE_NOTE_MS = 30 * 86_400_000;

/** How long a place is known after it was noted: at least 90 days after it was used last. */
export const PLACE_KEPT_MS = 90 * 86_400_000 + PLACE_NOTE_MS;

/** What floating point leaves of a forgotten failure. */
const ROUNDING = 1e-6;

/**
 * Decides whether an attempt may be made now.
 *
 * A success from a new place earns a credit, which offsets one failure through the same client:
 * otherwise a busy client would look like an attacked one. A user earns one credit in the time in
 * which failures are forgotten, so that an attacker with an account gains one guess by it.
 *
 * @param pendingOf attempts under way of a counter, each of which may yet fail
 */
export function admit(
  state: FailureState,
  { places, strangersFromMs, knownFromMs = 0 }: Approach,
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
    const atMs = Math.max(ownAtMs, isKnown ? knownFromMs : strangersFromMs);
    if (atMs <= nowMs) {
      const earnsCredit = !isKnown && pendingOf(null) === 0 && isCreditDue(state, nowMs, policy);
      return { kind: "admitted", counter, ...(earnsCredit ? { earnsCredit } : {}) };
    }
    retryAtMs = Math.min(retryAtMs, atMs);
  }
  return { kind: "throttled", retryAtMs, isKnown };
}

/** Counts one failure. Beyond the longest delay nothing is added: a month of guessing ends too. */
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
  // The place may have been pushed out of the list since the attempt was admitted.
  if (known === undefined) return { ...state, strangers: failures };
  const places = state.places.map((each) => (each === known ? { ...known, failures } : each));
  return { ...state, places };
}

/**
 * Notes where the secret was right, and clears the count of that place. When one place is noted all
 * are, since the place of a login that succeeds must not be pushed out by where others succeed.
 *
 * @returns the same state when there is nothing to note
 */
export function succeed(
  state: FailureState,
  places: readonly string[],
  nowMs: number,
  policy: FailurePolicy,
): FailureState {
  const isNoted = (place: string) =>
    state.places.some(
      (known) =>
        known.place === place &&
        known.failures.count === 0 &&
        nowMs < known.notedAtMs + PLACE_NOTE_MS,
    );
  if (places.every(isNoted)) return state;
  const noted = places.map((place) => ({ place, notedAtMs: nowMs, failures: NO_COUNT }));
  const others = state.places.filter(({ place }) => !places.includes(place));
  const next = { ...state, places: [...noted, ...others].slice(0, PLACES_MAX) };
  const isNew = !state.places.some(({ place }) => places.includes(place));
  return isNew && isCreditDue(state, nowMs, policy) ? { ...next, creditedAtMs: nowMs } : next;
}

/**
 * Offsets failures by credits: where many log in, some fail and most succeed. Once no attempt is
 * free, only time helps, or a guesser would get an attempt for each login that succeeds.
 *
 * @returns the same state when there is nothing to offset
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

/** When the next attempt from an unknown place is admitted: now, if it may be made. */
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

function isCreditDue(
  { creditedAtMs }: FailureState,
  nowMs: number,
  policy: FailurePolicy,
): boolean {
  return creditedAtMs === undefined || nowMs - creditedAtMs >= policy.forgottenMs;
}

/** Failures after which the delay is the longest. */
function countMax({ free, delayMsMin, delayMsMax }: FailurePolicy): number {
  return free + Math.max(0, Math.ceil(Math.log2(delayMsMax / delayMsMin)));
}

/** A fraction of a failure counts as one: it admits no attempt. */
function wholeFailures(failures: FailureCount, nowMs: number, policy: FailurePolicy): number {
  return Math.ceil(remaining(failures, nowMs, policy) - ROUNDING);
}

function remaining({ count, lastAtMs }: FailureCount, nowMs: number, policy: FailurePolicy) {
  const forgotten = (Math.max(0, nowMs - lastAtMs) * policy.free) / policy.forgottenMs;
  return Math.max(0, count - forgotten);
}

function failuresOf(state: FailureState, counter: Counter): FailureCount {
  if (counter === null) return state.strangers;
  return state.places.find(({ place }) => place === counter)?.failures ?? NO_COUNT;
}
