import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CommandError, messageOf } from "./command-error.ts";

/** How long a command waits for another one on the same state, in milliseconds. */
const WAIT_MS_MAX = 60_000;

/**
 * Runs one command at a time on local state. Uses SQLite's lock on an empty file, because the
 * operating system releases it when the process ends, however it ends.
 *
 * @param stateDir must exist
 * @throws CommandError when it is not writable, or another command holds the lock too long
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

/** The error for local state that cannot be used. */
export function unusableState(stateDir: string, cause: unknown): CommandError {
  const isFile = statSync(stateDir, { throwIfNoEntry: false })?.isDirectory() === false;
  const reason = isFile ? "it is not a folder" : messageOf(cause);
  return new CommandError(`${stateDir}: cannot use this folder for local state: ${reason}`);
}
