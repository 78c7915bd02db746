import type { ManagementReason } from "./index.ts";

/** A client, a user, one of their sessions, or a resource, as an operator names it. */
export interface Subject {
  readonly kind: "client" | "user" | "session" | "browser session" | "resource";
  readonly name: string;
}

/** A management function cannot do what was requested. Nothing has changed. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  readonly reason: ManagementReason;
  /** What the request is about; null when it is about more than one thing. */
  readonly subject: Subject | null;
  /** For `invalid`: each names its field, and none contains a value. */
  readonly problems: readonly string[];

  constructor(
    reason: ManagementReason,
    subject: Subject | null = null,
    problems: readonly string[] = [],
  ) {
    super([reason, ...problems].join("\n"));
    this.reason = reason;
    this.subject = subject;
    this.problems = problems;
  }
}

/** The {@link ManagementError} of a request with invalid fields. */
export function invalid(...problems: readonly string[]): ManagementError {
  return new ManagementError("invalid", null, problems);
}
