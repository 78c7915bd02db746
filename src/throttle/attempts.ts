import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import type { NumberedAdmission, Settlement } from "../storage/failure-counters.ts";

/** How an attempt ended. */
export type Result = Settlement["result"];

/** An attempt that may be made, and where it counts. */
export type Admitted = Extract<NumberedAdmission, { readonly kind: "admitted" }>;

/** An attempt that may not. */
export type Throttled = Exclude<NumberedAdmission, Admitted>;

/**
 * Makes an attempt and says how it ended: a Refusal is a failure, except that of a service which is
 * too busy to find out.
 */
export async function settled<Value>(
  check: () => Promise<Value>,
  settle: (result: Result) => void,
): Promise<Value> {
  try {
    const value = await check();
    settle("succeeded");
    return value;
  } catch (error) {
    const isFailure = error instanceof Refusal && error.reason !== "hashing_busy";
    settle(isFailure ? "failed" : "dropped");
    throw error;
  }
}

/** Refuses an attempt until it may be made. */
export function refuse(reason: RefusalReason, { retryAtMs }: Throttled, nowMs: number): Refusal {
  return new Refusal(reason, Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000)));
}
