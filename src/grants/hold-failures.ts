import { Refusal, type RefusalReason } from "../protocol/refusal.ts";

/** Waits so many milliseconds, or rejects as soon as the signal is aborted. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** What {@link holdFailures} needs. */
export interface HoldTools {
  /** How soon a failed login is answered at the earliest, in milliseconds; 0: at once. */
  readonly failedLoginMsMin: number;
  readonly wait: Wait;
}

/** The reasons that a client must not tell apart, by time either. */
export const FAILED_LOGINS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "user_unknown",
  "user_inactive",
  "password_unusable",
  "password_too_long",
  "password_wrong",
]);

/**
 * Checks a password, and lets a failed login be known only after a set time from now: some take
 * longer to check than others. Success, an outage and any other refusal are known at once.
 *
 * The time starts before the work and is not computed after it, since the clock of a Worker stands
 * still while it computes. What `check` holds, it has given back before anybody waits.
 *
 * @throws what `check` throws
 */
export async function holdFailures<Value>(
  check: () => Promise<Value>,
  { failedLoginMsMin, wait }: HoldTools,
): Promise<Value> {
  if (failedLoginMsMin === 0) return check();
  const cancellation = new AbortController();
  const held = wait(failedLoginMsMin, cancellation.signal).catch(ignoreCancellation);
  try {
    return await check();
  } catch (error) {
    if (error instanceof Refusal && FAILED_LOGINS.has(error.reason)) await held;
    throw error;
  } finally {
    // A timer would keep the request's context after its answer.
    cancellation.abort();
  }
}

function ignoreCancellation(): void {}
