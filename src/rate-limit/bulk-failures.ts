import { BoundedMap } from "../isolate.ts";
import { type Admitted, type Result, throttledError } from "./attempt.ts";
import type { FailureCounters } from "./failure-counter.ts";
import type { FailurePolicy } from "./failures.ts";

/** How a login ended, for the counter of its client. */
interface EndedLogin {
  /** As {@link BulkFailures.admit} returned it. */
  readonly admitted: Admitted | null;
  readonly result: Result;
  /** Whether a success offsets one failure; see `admit` in `rate-limit/failures.ts`. */
  readonly offsetsFailure: boolean;
}

/**
 * Failed logins of all users through one client: credential stuffing. One counter per client counts
 * failures from origins that are unknown for the user, and one per client and origin those from
 * known origins. This bounds stuffing from anywhere, and does not block users at known origins
 * elsewhere.
 *
 * Failures are recorded after the response. The isolate remembers only which counters block logins:
 * a login through a client that is not under attack calls no counter, and an isolate learns of an
 * attack from the first failure that it reports itself.
 */
export interface BulkFailures {
  /** Until when a counter blocks logins, as far as this isolate knows; 0: it does not. */
  blockedUntilMs(counter: string): number;
  /**
   * Asks a counter that blocks logins to admit one.
   *
   * @returns null if the counter blocks none and was not called
   * @throws Refusal `client_throttled` or `throttle_busy`, Unavailable
   */
  admit(counter: string, nowMs: number): Promise<Admitted | null>;
  /** Records how a login ended. */
  record(counter: string, login: EndedLogin): Promise<void>;
}

/** Counters remembered in one isolate: some 150 bytes each. */
const COUNTERS_MAX = 1000;

interface CounterState {
  /** 0: the counter blocks nothing. */
  readonly blockedUntilMs: number;
  /** Successes that offset a failure and were not reported to the counter yet. */
  readonly offsets: number;
}

const INITIAL: CounterState = { blockedUntilMs: 0, offsets: 0 };

/** Builds {@link BulkFailures} that block nothing yet. */
export function createBulkFailures(
  counters: FailureCounters,
  policy: FailurePolicy,
  clock: () => number,
): BulkFailures {
  const states = new BoundedMap<CounterState>(COUNTERS_MAX);

  const find = (counter: string) => states.get(counter) ?? INITIAL;

  function update(counter: string, state: CounterState): void {
    if (state.blockedUntilMs === 0 && state.offsets === 0) states.delete(counter);
    else states.set(counter, state);
  }

  return {
    blockedUntilMs: (counter) => find(counter).blockedUntilMs,

    async admit(counter, nowMs) {
      if (find(counter).blockedUntilMs === 0) return null;
      const request = { places: [], strangersFromMs: 0 };
      const admission = await counters.admit(counter, request, nowMs, policy);
      if (admission.kind === "admitted") return admission;
      update(counter, { blockedUntilMs: admission.retryAtMs, offsets: 0 });
      throw throttledError("client_throttled", admission, nowMs);
    },

    async record(counter, { admitted, result, offsetsFailure }) {
      const { blockedUntilMs, offsets } = find(counter);
      if (admitted === null && result !== "failed") {
        const isOffset = result === "succeeded" && offsetsFailure && blockedUntilMs === 0;
        const sum = Math.min(offsets + 1, policy.free);
        if (isOffset) update(counter, { blockedUntilMs, offsets: sum });
        return;
      }
      update(counter, { blockedUntilMs, offsets: 0 });
      const { ticket, counter: count } = admitted ?? { ticket: null, counter: null };
      const ended = { ticket, counter: count, result, places: [], forgiven: offsets };
      const nowMs = clock();
      const retryAtMs = await counters.record(counter, ended, nowMs, policy);
      const blocked = retryAtMs > nowMs ? retryAtMs : 0;
      update(counter, { blockedUntilMs: blocked, offsets: find(counter).offsets });
    },
  };
}
