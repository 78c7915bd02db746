import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import type { AttemptResult, NumberedAdmission } from "./failure-counter.ts";

/** How an attempt ended. `dropped`: it was not made, or the service failed; nothing is counted. */
export type Result = AttemptResult["result"];

/** An attempt that was admitted. */
export interface Attempt {
  /** Records the result, after the response. Must be called once. */
  end(result: Result): void;
}

/** An attempt that a counter admitted. */
export type Admitted = Extract<NumberedAdmission, { readonly kind: "admitted" }>;

/** An attempt that a counter rejected. */
export type Throttled = Exclude<NumberedAdmission, Admitted>;

/**
 * The result of an attempt that threw. A Refusal is a failed attempt, unless the service was too
 * busy to check the secret.
 */
export function classifyError(error: unknown): "failed" | "dropped" {
  return error instanceof Refusal && error.reason !== "hashing_busy" ? "failed" : "dropped";
}

/** The error for a rejected attempt, with the time after which to retry. */
export function throttledError(
  reason: RefusalReason,
  { retryAtMs }: Throttled,
  nowMs: number,
): Refusal {
  return new Refusal(reason, Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000)));
}
