import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CommandError, messageOf } from "./command-error.ts";

/** How long one command waits for another on the same state, in milliseconds. */
const WAIT_MS_MAX = 60_000;

/**
 * Does something to local state while no other command does. SQLite's lock on an empty file is the
 * one lock that the operating system takes back, whatever becomes of its holder.
 *
 * @param stateDir must exist
 * @throws CommandError when it cannot be written, or another command holds it for too long
 */
export async function withLockedState<Result>(
  stateDir: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const lock = takeLock(stateDir);
  try {
    return await run();
  } finally {
    lock.close();
  }
}

function takeLock(stateDir: string): DatabaseSync {
  const path = join(stateDir, "command.lock");
  try {
    accessSync(existsSync(path) ? path : stateDir, constants.W_OK);
    const lock = new DatabaseSync(path, { timeout: WAIT_MS_MAX });
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    throw unusableState(stateDir, error);
  }
}

/** The error of a command that cannot work on local state, for what the system said. */
export function unusableState(stateDir: string, cause: unknown): CommandError {
  const isOther = statSync(stateDir, { throwIfNoEntry: false })?.isDirectory() === false;
  const reason = isOther ? "it is not a folder" : messageOf(cause);
  return new CommandError(`${stateDir}: this state cannot be used: ${reason}`);
}
