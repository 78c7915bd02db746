import { CommanderError } from "commander";
import { ManagementError, type ManagementReason } from "../admin/management-error.ts";
import { ConfigError } from "../config/index.ts";
import { Unavailable } from "../protocol/refusal.ts";

/** What a command's exit code says. */
export const EXIT = {
  done: 0,
  /** Storage, the platform or this machine failed, or somebody else was in the way. */
  failed: 1,
  /** Wrong words, or input that is not what it should be. */
  usage: 2,
  notFound: 3,
  alreadyExists: 4,
} as const;

/** A command cannot be done, for a reason that the person at the shell can mend. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The {@link CommandError} of wrong words or bad input. */
export function usageError(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}

/** Runs a command. What it throws becomes words on stderr and an exit code. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    if (message !== "") console.error(message);
    process.exitCode = exitCode;
  }
}

/** What a failure is to the person at the shell. A stack trace is for bugs alone. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  if (error instanceof ManagementError) {
    return { message: describeRefusal(error), exitCode: REFUSAL_EXIT[error.reason] };
  }
  // Commander has said by then what is wrong.
  if (error instanceof CommanderError) {
    return { message: "", exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage };
  }
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  const exitCode = EXIT.failed;
  if (error instanceof ConfigError) return { message: error.problems.join("\n"), exitCode };
  if (error instanceof Unavailable) {
    return { message: `${error.message}: ${error.cause}`, exitCode };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message, exitCode };
}

/** What a failure of the platform says of itself, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const REFUSAL_EXIT: Readonly<Record<ManagementReason, number>> = {
  not_found: EXIT.notFound,
  already_exists: EXIT.alreadyExists,
  invalid: EXIT.usage,
  changed: EXIT.failed,
};

function describeRefusal({ reason, subject, problems }: ManagementError): string {
  const whom = subject === null ? "What the file names" : `${subject.kind} ${subject.name}`;
  switch (reason) {
    case "not_found":
      return `There is no ${whom}.`;
    case "already_exists":
      return `There is a ${whom} already.`;
    case "changed":
      return `${whom} was changed by somebody else meanwhile. Nothing is written; run it again.`;
    case "invalid":
      return problems.join("\n");
  }
}
