import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import type { NumberedAdmission, Settlement } from "./failure-counters.ts";

/** How an attempt ended. `dropped`: it was not made, or the service failed; nothing is counted. */
export type Result = Settlement["result"];

/** An attempt that was admitted. */
export interface Attempt {
  /** Says how it ended; counts it after the response. Must be called once. */
  end(result: Result): void;
}

/** An admission by one counter. */
export type Admitted = Extract<NumberedAdmission, { readonly kind: "admitted" }>;

/** A rejection by one counter. */
export type Throttled = Exclude<NumberedAdmission, Admitted>;

/**
 * What an attempt that threw counts as: a Refusal is a failure, except that of a service which is
 * too busy to find out.
 */
export function resultOf(error: unknown): "failed" | "dropped" {
  return error instanceof Refusal && error.reason !== "hashing_busy" ? "failed" : "dropped";
}

/** Rejects an attempt until it may be made. */
export function refuse(reason: RefusalReason, { retryAtMs }: Throttled, nowMs: number): Refusal {
  return new Refusal(reason, Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000)));
}
