import { describeFailure } from "../telemetry/failure.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import type { ManagementReason, RefusalReason } from "./index.ts";
import { ManagementError } from "./management-error.ts";
import { ConfigError, Misconfigured, Refusal, Unavailable } from "./refusal.ts";

/** An error and its reason. `kind` says whether the request was rejected or the service failed. */
export type Classified =
  | { readonly kind: "refusal"; readonly reason: RefusalReason; readonly error: Refusal }
  | {
      readonly kind: "management";
      readonly reason: ManagementReason;
      readonly error: ManagementError;
    }
  | { readonly kind: "failure"; readonly reason: "storage_failed"; readonly error: Unavailable }
  | {
      readonly kind: "failure";
      readonly reason: "misconfigured";
      readonly error: ConfigError | Misconfigured;
    }
  | { readonly kind: "failure"; readonly reason: "unexpected_error"; readonly error: unknown };

/** Finds the reason of anything that was thrown. */
export function classify(error: unknown): Classified {
  if (error instanceof Refusal) return { kind: "refusal", reason: error.reason, error };
  if (error instanceof ManagementError) return { kind: "management", reason: error.reason, error };
  if (error instanceof ConfigError || error instanceof Misconfigured) {
    return { kind: "failure", reason: "misconfigured", error };
  }
  if (error instanceof Unavailable) return { kind: "failure", reason: "storage_failed", error };
  return { kind: "failure", reason: "unexpected_error", error };
}

/** Classifies what a request threw, and notes for its log line what the caller does not learn. */
export function recordError(thrown: unknown): Classified {
  const classified = classify(thrown);
  const { kind, reason } = classified;
  setLogFields(kind === "failure" ? { reason, failure: describeFailure(thrown) } : { reason });
  return classified;
}
