import { BoundedMap } from "../isolate/bounded-map.ts";
import { type Admitted, type Result, refuse } from "./attempt.ts";
import type { FailureCounters } from "./failure-counters.ts";
import type { FailurePolicy } from "./failures.ts";

/** How a login ended, for the counter of its client or of its origin. */
export interface EndedLogin {
  /** As {@link BulkFailures.admit} returned it. */
  readonly admitted: Admitted | null;
  readonly result: Result;
  /** Whether a success offsets one failure; see `rate-limit/failures.ts`. */
  readonly earnsCredit: boolean;
}

/**
 * Failed logins of any users through one client: what stuffing of stolen passwords looks like. One
 * counter for each client counts failures from places that are unknown for the user, and one for
 * each client and origin those from known places. So stuffing is bounded wherever it comes from,
 * and does not hold up users at other places that are known for them.
 *
 * Failures are counted after the answer. This isolate remembers only which counters hold logins up:
 * a login through a client that is not attacked asks no counter, and an isolate learns of an attack
 * from the first failure that it reports itself.
 */
export interface BulkFailures {
  /** Until when a counter holds logins up, as far as this isolate knows; 0: it does not. */
  heldUntilMs(counter: string): number;
  /**
   * Asks a counter that holds logins up to admit one.
   *
   * @returns null when the counter need not be asked
   * @throws Refusal `client_throttled` or `throttle_busy`, Unavailable
   */
  admit(counter: string, nowMs: number): Promise<Admitted | null>;
  /** Counts how a login ended. */
  settle(counter: string, login: EndedLogin): Promise<void>;
}

/** Counters remembered in one isolate: some 150 bytes each. */
const COUNTERS_MAX = 1000;

interface Remembered {
  /** 0: the counter holds nothing up. */
  readonly heldUntilMs: number;
  /** Not reported yet. */
  readonly credits: number;
}

/** Builds {@link BulkFailures} that hold nothing up yet. */
export function createBulkFailures(
  counters: FailureCounters,
  policy: FailurePolicy,
  clock: () => number,
): BulkFailures {
  const remembered = new BoundedMap<Remembered>(COUNTERS_MAX);

  function remember(counter: string, known: Remembered): void {
    if (known.heldUntilMs === 0 && known.credits === 0) remembered.delete(counter);
    else remembered.set(counter, known);
  }

  const recall = (counter: string) => remembered.get(counter) ?? { heldUntilMs: 0, credits: 0 };

  return {
    heldUntilMs: (counter) => recall(counter).heldUntilMs,

    async admit(counter, nowMs) {
      if (recall(counter).heldUntilMs === 0) return null;
      const approach = { places: [], strangersFromMs: 0 };
      const admission = await counters.admit(counter, approach, nowMs, policy);
      if (admission.kind === "admitted") return admission;
      remember(counter, { heldUntilMs: admission.retryAtMs, credits: 0 });
      throw refuse("client_throttled", admission, nowMs);
    },

    async settle(counter, { admitted, result, earnsCredit }) {
      const { heldUntilMs, credits } = recall(counter);
      if (admitted === null && result !== "failed") {
        const isCredit = result === "succeeded" && earnsCredit && heldUntilMs === 0;
        const sum = Math.min(credits + 1, policy.free);
        if (isCredit) remember(counter, { heldUntilMs, credits: sum });
        return;
      }
      remember(counter, { heldUntilMs, credits: 0 });
      const { ticket, counter: which } = admitted ?? { ticket: null, counter: null };
      const settlement = { ticket, counter: which, result, places: [], forgiven: credits };
      const nowMs = clock();
      const retryAtMs = await counters.settle(counter, settlement, nowMs, policy);
      const held = retryAtMs > nowMs ? retryAtMs : 0;
      remember(counter, { heldUntilMs: held, credits: recall(counter).credits });
    },
  };
}
