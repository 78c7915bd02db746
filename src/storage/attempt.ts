import { Unavailable } from "../protocol/refusal.ts";

/**
 * Runs one storage operation. Whatever it throws becomes {@link Unavailable}, so that no failure
 * of storage can look like a refusal.
 *
 * @param operation names it in the log, such as `d1.find_accounts`
 */
export async function attempt<Result>(
  operation: string,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw new Unavailable(operation, error);
  }
}
