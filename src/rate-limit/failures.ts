/**
 * Failures at one secret, such as a user's password, as a pure state machine. Some failures are
 * free; each further one doubles the delay before the next attempt. The Durable Object around it
 * loads the state, applies one event, stores the state.
 *
 * Failures are counted separately for each known origin (one from which the secret was right
 * before), so that attackers elsewhere cannot lock a user out. A success resets only the count of
 * its own origin; otherwise each login by the victim would reset the attacker's count too.
 */
import {
  type FailureCount,
  type FailurePolicy,
  type FailureState,
  NO_COUNT,
  ORIGINS_MAX,
} from "./failure-state.ts";

export type { FailurePolicy, FailureState } from "./failure-state.ts";
export { NO_FAILURES, ORIGINS_MAX } from "./failure-state.ts";

/** Which count an attempt belongs to: that of a known origin, or null for unknown origins. */
export type Counter = string | null;

/** Whether an attempt may be made. */
export type Admission =
  /** @property earnsCredit whether a success offsets a failure through the same client */
  | { readonly kind: "admitted"; readonly counter: Counter; readonly earnsCredit?: boolean }
  /** @property isKnown whether it comes from a known origin */
  | { readonly kind: "throttled"; readonly retryAtMs: number; readonly isKnown: boolean };

/** A request to make an attempt. */
export interface AdmissionRequest {
  /** Its origins; the first known one that admits it is its counter. */
  readonly places: readonly string[];
  /** Attempts from unknown origins wait until then, whatever failed here; 0: no wait. */
  readonly strangersFromMs: number;
  /** The same for attempts from known origins. */
  readonly knownFromMs?: number;
  /** When an operator last unlocked the secret. Applied once, even if clocks differ. */
  readonly unlockedAtMs?: number;
}

/** A known origin is stored again after this time at most, since each write costs a row. */
const ORIGIN_RENEWAL_MS = 30 * 86_400_000;

/** How long an origin stays known after it was stored: at least 90 days after its last use. */
export const ORIGIN_KEPT_MS = 90 * 86_400_000 + ORIGIN_RENEWAL_MS;

/** Largest rounding error of an expired failure. */
const ROUNDING = 1e-6;

/**
 * Decides whether an attempt may be made now.
 *
 * A success from a new origin offsets one failure through the same client: otherwise a busy client
 * would look like one under attack. Each user offsets one failure per `forgottenMs`, so that an
 * attacker with an account gains one guess by it.
 *
 * @param countPending attempts of a counter in progress, each of which may still fail
 */
export function admit(
  state: FailureState,
  { places, strangersFromMs, knownFromMs = 0 }: AdmissionRequest,
  countPending: (counter: Counter) => number,
  nowMs: number,
  policy: FailurePolicy,
): Admission {
  const known = state.places.filter(
    ({ place, notedAtMs }) => places.includes(place) && nowMs < notedAtMs + ORIGIN_KEPT_MS,
  );
  const isKnown = known.length > 0;
  let retryAtMs = Number.POSITIVE_INFINITY;
  for (const counter of isKnown ? known.map(({ place }) => place) : [null]) {
    const failures = findCount(state, counter);
    const ownAtMs = admittedAtMs(failures, countPending(counter), nowMs, policy);
    const atMs = Math.max(ownAtMs, isKnown ? knownFromMs : strangersFromMs);
    if (atMs <= nowMs) {
      const earnsCredit = !isKnown && countPending(null) === 0 && mayOffset(state, nowMs, policy);
      return { kind: "admitted", counter, ...(earnsCredit ? { earnsCredit } : {}) };
    }
    retryAtMs = Math.min(retryAtMs, atMs);
  }
  return { kind: "throttled", retryAtMs, isKnown };
}

/** Counts a failure. The count stops at the longest delay, so that even long guessing expires. */
export function recordFailure(
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
  // The origin may have been dropped from the list since the attempt was admitted.
  if (known === undefined) return { ...state, strangers: failures };
  const places = state.places.map((each) => (each === known ? { ...known, failures } : each));
  return { ...state, places };
}

/**
 * Stores the origins of a success as known, and resets their counts. If one needs to be stored, all
 * are, so that successes elsewhere do not push this login's origins out of the list.
 *
 * @returns the same state if nothing changes
 */
export function recordSuccess(
  state: FailureState,
  places: readonly string[],
  nowMs: number,
  policy: FailurePolicy,
): FailureState {
  const isCurrent = (place: string) =>
    state.places.some(
      (known) =>
        known.place === place &&
        known.failures.count === 0 &&
        nowMs < known.notedAtMs + ORIGIN_RENEWAL_MS,
    );
  if (places.every(isCurrent)) return state;
  const renewed = places.map((place) => ({ place, notedAtMs: nowMs, failures: NO_COUNT }));
  const others = state.places.filter(({ place }) => !places.includes(place));
  const next = { ...state, places: [...renewed, ...others].slice(0, ORIGINS_MAX) };
  const isNew = !state.places.some(({ place }) => places.includes(place));
  return isNew && mayOffset(state, nowMs, policy) ? { ...next, creditedAtMs: nowMs } : next;
}

/**
 * Subtracts failures that successes of other users offset: where many log in, some fail and most
 * succeed. Not once all free failures are used: each success would give an attacker an attempt.
 *
 * @returns the same state if nothing changes
 */
export function offsetFailures(
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

/** Resets all failures, once per unlock. @returns the same state if the unlock was applied */
export function resetFailures(state: FailureState, unlockedAtMs: number): FailureState {
  if (unlockedAtMs <= (state.unlockedAtMs ?? 0)) return state;
  const places = state.places.map((each) => ({ ...each, failures: NO_COUNT }));
  return { ...state, strangers: NO_COUNT, places, unlockedAtMs };
}

/** Whether there are any failures. */
export function hasFailures({ strangers, places }: FailureState): boolean {
  return strangers.count > 0 || places.some(({ failures }) => failures.count > 0);
}

/** When the next attempt from an unknown origin is admitted, at the earliest now. */
export function unknownAdmittedAtMs(
  state: FailureState,
  nowMs: number,
  policy: FailurePolicy,
): number {
  return Math.max(nowMs, admittedAtMs(state.strangers, 0, nowMs, policy));
}

/** When the state is equivalent to {@link NO_FAILURES} and can be deleted. */
export function neededUntilMs(state: FailureState, policy: FailurePolicy): number {
  const expiresAtMs = ({ count, lastAtMs }: FailureCount) =>
    lastAtMs + (count * policy.forgottenMs) / policy.free;
  const ends = state.places.map(({ notedAtMs }) => notedAtMs + ORIGIN_KEPT_MS);
  return Math.ceil(Math.max(expiresAtMs(state.strangers), ...ends));
}

/**
 * When an attempt is admitted. Attempts in progress count as failed: otherwise a thousand parallel
 * ones would all be free. After the free failures, one attempt is admitted at a time.
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

/** Whether a success from a new origin offsets a failure through the client now. */
function mayOffset({ creditedAtMs }: FailureState, nowMs: number, policy: FailurePolicy): boolean {
  return creditedAtMs === undefined || nowMs - creditedAtMs >= policy.forgottenMs;
}

/** Failures after which the delay is the longest. */
function countMax({ free, delayMsMin, delayMsMax }: FailurePolicy): number {
  return free + Math.max(0, Math.ceil(Math.log2(delayMsMax / delayMsMin)));
}

/** Rounds up: a partly expired failure admits no attempt. */
function wholeFailures(failures: FailureCount, nowMs: number, policy: FailurePolicy): number {
  return Math.ceil(remaining(failures, nowMs, policy) - ROUNDING);
}

function remaining({ count, lastAtMs }: FailureCount, nowMs: number, policy: FailurePolicy) {
  const expired = (Math.max(0, nowMs - lastAtMs) * policy.free) / policy.forgottenMs;
  return Math.max(0, count - expired);
}

function findCount(state: FailureState, counter: Counter): FailureCount {
  if (counter === null) return state.strangers;
  return state.places.find(({ place }) => place === counter)?.failures ?? NO_COUNT;
}
