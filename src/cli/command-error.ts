import { CommanderError } from "commander";
import { type Classified, classify } from "../errors/classify.ts";
import { CATALOGUE, type Reason } from "../errors/index.ts";
import type { Subject } from "../errors/management-error.ts";

/** The exit codes of a command. */
export const EXIT = {
  done: 0,
  /** Storage, the platform or this machine failed, or another request modified the same thing. */
  failed: 1,
  /** Invalid arguments or input. */
  usage: 2,
  notFound: 3,
  alreadyExists: 4,
} as const;

/** Where a command does not just exit with {@link EXIT.failed}. */
const EXITS: Readonly<Partial<Record<Reason, number>>> = {
  not_found: EXIT.notFound,
  already_exists: EXIT.alreadyExists,
  invalid: EXIT.usage,
};

/** A command fails for a reason that its user can fix. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The {@link CommandError} of invalid arguments or input. */
export function usageError(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}

/** Runs a command. An error becomes a message on stderr and an exit code. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    if (message !== "") console.error(message);
    process.exitCode = exitCode;
  }
}

/** What a command prints for an error, and its exit code. Only a bug prints its stack. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  // Commander has printed its message already.
  if (error instanceof CommanderError) {
    return { message: "", exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage };
  }
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode };
  const classified = classify(error);
  return { message: describeError(classified), exitCode: EXITS[classified.reason] ?? EXIT.failed };
}

/** The message of an error of the platform, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describeError(classified: Classified): string {
  const { reason, error } = classified;
  switch (reason) {
    case "not_found":
      return `${describeSubject(error.subject)} does not exist`;
    case "already_exists":
      return `${describeSubject(error.subject)} already exists`;
    case "changed":
      return (
        `Another request modified ${describeSubject(error.subject)} at the same time. ` +
        "Run the command again."
      );
    case "invalid":
    case "misconfigured":
      return error.problems.join("\n");
    case "storage_failed":
      return `${error.message}: ${error.cause}`;
    case "unexpected_error":
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    default:
      return CATALOGUE[reason].meaning;
  }
}

function describeSubject(subject: Subject | null): string {
  return subject === null ? "a client or user of the file" : `${subject.kind} "${subject.name}"`;
}
