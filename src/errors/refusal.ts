import type { RefusalReason } from "./index.ts";

/**
 * The service rejects a request. Thrown anywhere inside the Worker, and caught where a response is
 * written. Contains no input of the caller, so it is safe to log.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: RefusalReason;
  /** How long the caller should wait, where this error knows better than the catalogue. */
  readonly retryAfterSeconds: number | null;

  constructor(reason: RefusalReason, retryAfterSeconds: number | null = null) {
    super(reason);
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Storage or the platform failed. Becomes a 503 with `Retry-After`: a client must never conclude
 * from an outage that its tokens are no longer valid.
 */
export class Unavailable extends Error {
  override readonly name: string = "Unavailable";

  /**
   * @param operation what failed, such as `d1.batch`: for the log
   * @param cause the platform's own error
   */
  constructor(operation: string, cause: unknown) {
    super(`${operation} failed`, { cause });
  }
}

/**
 * A setting does not fit what is stored. The message says what to do, and contains no secret: it is
 * logged as it is.
 */
export class Misconfigured extends Unavailable {
  override readonly name: string = "Misconfigured";
  readonly problems: readonly string[];

  constructor(message: string) {
    super("settings", undefined);
    this.message = message;
    this.problems = [message];
  }
}

/** A setting, secret or binding is missing or invalid, so the service does not start. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One sentence each, which begins with the name of the setting. Contains no secret. */
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}
