import { ConfigError } from "../config.ts";
import { Unavailable } from "../protocol/refusal.ts";

/** A command cannot be done, for a reason that the person at the shell can mend. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Runs a command. What it throws becomes words on stderr and exit code 1. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    console.error(describeFailure(error));
    process.exitCode = 1;
  }
}

/** A stack trace is for what nobody expects, which is a bug. */
function describeFailure(error: unknown): string {
  if (error instanceof CommandError || error instanceof ConfigError) return error.message;
  if (error instanceof Unavailable) return `${error.message}: ${error.cause}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What a failure of the platform says of itself, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
