import { callWithDeadline, createCallLimit } from "../calls.ts";
import type { AttemptResult, FailureCounter, NumberedAdmission } from "./failure-counter.ts";
import type { AdmissionRequest, FailurePolicy } from "./failures.ts";

export type { AttemptResult, NumberedAdmission } from "./failure-counter.ts";

/**
 * The Worker's interface to failure counters: one Durable Object per guessable secret.
 *
 * Both methods throw Unavailable when the object fails or does not respond in time. They are not
 * retried: an attempt whose admission was lost counts as failed after a while.
 */
export interface FailureCounters {
  /**
   * Asks whether an attempt may be made. The result of an admitted one must be recorded.
   *
   * @throws Refusal `throttle_busy` when this isolate already waits for many calls to the counter
   */
  admit(
    name: string,
    request: AdmissionRequest,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<NumberedAdmission>;
  /** Records how an attempt ended. @returns when the next one from an unknown origin may start */
  record(
    name: string,
    result: AttemptResult,
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
    admit(name, request, nowMs, policy) {
      return limit.run(name, () => {
        return callWithDeadline("failures.admit", async () => {
          return await objects.getByName(name).admit(request, nowMs, policy);
        });
      });
    },
    // Not limited: an unrecorded attempt counts as failed, and each follows a password check.
    record(name, result, nowMs, policy) {
      return callWithDeadline("failures.settle", async () => {
        return await objects.getByName(name).settle(result, nowMs, policy);
      });
    },
  };
}
