import { Unavailable } from "./protocol/refusal.ts";
import { measure } from "./telemetry/request-log.ts";

/**
 * How long one storage operation may take before the request gives up on it, in milliseconds. A
 * rotation, a write to KV and the client's pause fit into the retry window of 10 seconds: who is
 * told to try again must not come too late.
 */
export const DEADLINE_MS = 3_000;

/**
 * How long a command waits for D1, in milliseconds. No request waits for it, a file may be long,
 * and a write that was given up on could still take effect.
 */
export const COMMAND_DEADLINE_MS = 120_000;

/**
 * Runs one storage operation. Whatever it throws, and no answer in time too, becomes
 * {@link Unavailable}, so that no failure of storage can look like a refusal. An operation that
 * was given up on may still take effect: every one of them can be repeated. The one place where
 * operations are counted and timed for the log.
 *
 * @param operation names it in the log, such as `d1.find_accounts`
 * @param deadlineMs for what no request waits for
 */
export async function callWithDeadline<Result>(
  operation: string,
  run: () => Promise<Result>,
  deadlineMs: number = DEADLINE_MS,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await measure(operation, () => Promise.race([run(), deadline]));
  } catch (error) {
    throw new Unavailable(operation, error);
  } finally {
    clearTimeout(timer);
  }
}
