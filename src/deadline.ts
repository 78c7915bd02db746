import { Unavailable } from "./errors/refusal.ts";
import { measure } from "./telemetry/request-log.ts";

/**
 * Deadline of one storage operation of a request, in milliseconds. A rotation, a KV write and the
 * client's pause fit into the retry window of 10 seconds: a client that is told to retry must not
 * be too late.
 */
export const DEADLINE_MS = 3_000;

/**
 * Deadline of a command's D1 operation, in milliseconds. Long, since no request waits for it, files
 * may be large, and a write that timed out may still take effect.
 */
export const COMMAND_DEADLINE_MS = 120_000;

/**
 * Runs one storage operation, and counts and times it for the log. Every error, including a
 * timeout, becomes {@link Unavailable}, so that a storage failure never looks like a rejected
 * request. An operation that timed out may still take effect: all of them can be repeated.
 *
 * @example
 * const row = await callWithDeadline("d1.find_client", () => statement.first());
 *
 * @param operation its name in the log: kind and name
 * @param deadlineMs longer for commands
 * @throws Unavailable
 */
export async function callWithDeadline<Result>(
  operation: string,
  run: () => Promise<Result>,
  deadlineMs: number = DEADLINE_MS,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response in ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await measure(operation, () => Promise.race([run(), deadline]));
  } catch (error) {
    throw new Unavailable(operation, error);
  } finally {
    clearTimeout(timer);
  }
}
