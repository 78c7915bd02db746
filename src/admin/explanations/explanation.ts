import type { RefusalReason } from "../../protocol/refusal.ts";
import type { FailureReason } from "../../telemetry/failure.ts";
import type { ManagementReason } from "../management-error.ts";

/** Every reason that a line of the log can have. */
export type Reason = RefusalReason | FailureReason | ManagementReason;

/** What people need to know of one reason. Plain sentences in Markdown. */
export interface Explanation {
  /** The status and the `error` that the client sees. */
  readonly status: number;
  readonly error: string;
  /** What happened, and how it comes about. */
  readonly meaning: string;
  /** What the developer of the client does about it. */
  readonly client: string;
  /** What the operator does about it. */
  readonly operator: string;
}
