/** A client, a user or a session, as an operator names it. */
export interface Subject {
  readonly kind: "client" | "user" | "session";
  readonly name: string;
}

/** Why something cannot be done; each skin (CLI, RPC, HTTP) words it. */
export type ManagementReason =
  | "not_found"
  | "already_exists"
  /** What was asked for is not possible; the problems say why. */
  | "invalid"
  /** Somebody else changed the same row meanwhile. */
  | "changed";

/** What was asked for cannot be done. Nothing has changed then. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  readonly reason: ManagementReason;
  /** Whom it is about; null when it is about the whole request. */
  readonly subject: Subject | null;
  /** For `invalid`: each names its place, and none quotes a value. */
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

/** The {@link ManagementError} of a request that is not what it should be. */
export function invalid(...problems: readonly string[]): ManagementError {
  return new ManagementError("invalid", null, problems);
}
