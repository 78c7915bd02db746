import { callWithDeadline } from "../deadline.ts";
import { createCallLimit } from "../storage/call-limit.ts";
import type { FailureCounter, NumberedAdmission, Settlement } from "./failure-counter.ts";
import type { Approach, FailurePolicy } from "./failures.ts";

export type { NumberedAdmission, Settlement } from "./failure-counter.ts";

/**
 * Counters of failures, seen from the Worker: one Durable Object for each secret that is guessed
 * at.
 *
 * Both throw Unavailable when the object fails or does not answer in time. Neither is repeated: an
 * attempt whose admission was lost counts as failed after a while.
 */
export interface FailureCounters {
  /**
   * Asks whether an attempt may be made; one that is admitted must be settled.
   *
   * @throws Refusal `throttle_busy` when this isolate already waits for many calls to the counter
   */
  admit(
    name: string,
    approach: Approach,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<NumberedAdmission>;
  /** Says how an attempt ended. @returns from when on strangers may try */
  settle(
    name: string,
    settlement: Settlement,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<number>;
}

/** Builds the {@link FailureCounters} over the Durable Object namespace. */
export function createFailureCounters(
  objects: DurableObjectNamespace<FailureCounter>,
  clock: () => number,
): FailureCounters {
  const limit = createCallLimit("throttle_busy", clock);
  return {
    admit(name, approach, nowMs, policy) {
      return limit.run(name, () => {
        return callWithDeadline("failures.admit", async () => {
          return await objects.getByName(name).admit(approach, nowMs, policy);
        });
      });
    },
    // Not bounded: what is not settled counts as failed, and each follows a check of a password.
    settle(name, settlement, nowMs, policy) {
      return callWithDeadline("failures.settle", async () => {
        return await objects.getByName(name).settle(settlement, nowMs, policy);
      });
    },
  };
}
