import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";

/** What {@link startFailureDelay} needs. */
export interface FailureDelayDeps {
  /** Earliest response to a failed login, in milliseconds after its start; 0: no delay. */
  readonly failedLoginMsMin: number;
  /** Waits for that many milliseconds; rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The reasons that a client must not be able to distinguish, not even by timing. */
export const FAILED_LOGINS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "user_unknown",
  "user_inactive",
  "password_unusable",
  "password_too_long",
  "password_wrong",
]);

/** A running delay. */
export interface FailureDelay {
  /** Resolves when it ends or is cancelled. */
  readonly elapsed: Promise<void>;
  /** Stops the timer, which would keep the request's context alive after its response. */
  cancel(): void;
}

/** Whether the credentials were rejected, as opposed to a rate limit or a service failure. */
export function isFailedLogin(error: unknown): boolean {
  return error instanceof Refusal && FAILED_LOGINS.has(error.reason);
}

/**
 * Starts the minimum duration of a failed login: some passwords take longer to check than others.
 * It starts before the work instead of being computed afterwards, since the clock of a Worker does
 * not advance while it computes.
 */
export function startFailureDelay({ failedLoginMsMin, wait }: FailureDelayDeps): FailureDelay {
  if (failedLoginMsMin === 0) return { elapsed: Promise.resolve(), cancel: () => {} };
  const cancellation = new AbortController();
  const elapsed = wait(failedLoginMsMin, cancellation.signal).catch(() => {});
  return { elapsed, cancel: () => cancellation.abort() };
}
