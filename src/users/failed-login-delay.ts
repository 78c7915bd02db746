import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";

/** What {@link startFailureDelay} needs. */
export interface FailureDelayDeps {
  /** Earliest response to a failed login, in milliseconds after its start; 0: no delay. */
  readonly failedLoginMsMin: number;
  /** Waits so many milliseconds, or rejects as soon as the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The reasons that a client must not tell apart, by time either. */
export const FAILED_LOGINS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "user_unknown",
  "user_inactive",
  "password_unusable",
  "password_too_long",
  "password_wrong",
]);

/** A delay that is running. */
export interface FailureDelay {
  /** Resolves at its end, and when it is cancelled. */
  readonly elapsed: Promise<void>;
  /** A timer would keep the request's context alive after its response. */
  cancel(): void;
}

/** Whether a login failed, rather than the service, or its limits. */
export function isFailedLogin(error: unknown): boolean {
  return error instanceof Refusal && FAILED_LOGINS.has(error.reason);
}

/**
 * Starts the delay after which a failed login is answered: some passwords take longer to check than
 * others. It starts before the work and is not computed afterwards, since the clock of a Worker
 * does not advance while it computes.
 */
export function startFailureDelay({ failedLoginMsMin, wait }: FailureDelayDeps): FailureDelay {
  if (failedLoginMsMin === 0) return { elapsed: Promise.resolve(), cancel: () => {} };
  const cancellation = new AbortController();
  const elapsed = wait(failedLoginMsMin, cancellation.signal).catch(() => {});
  return { elapsed, cancel: () => cancellation.abort() };
}
