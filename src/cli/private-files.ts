import { chmodSync, existsSync, statSync } from "node:fs";
import { CommandError } from "./command-error.ts";

/** Read, write and execute of the group and of everyone else. */
const OTHERS = 0o077;

const PRIVATE_MODE = 0o600;

/**
 * Makes a file of secrets readable by its owner alone, as one copied from an example is not.
 *
 * @returns what to tell the person, or null when nothing had to change
 */
export function makePrivate(path: string): string | null {
  const mode = modeOf(path);
  if (mode === null || (mode & OTHERS) === 0) return null;
  try {
    chmodSync(path, PRIVATE_MODE);
    return `${path}: other users could read it (mode ${octal(mode)}). Now only you can.`;
  } catch {
    return `Warning: ${describe(path, mode)}`;
  }
}

/** Refuses a file of secrets that other users can read. @throws CommandError with the fix */
export function requirePrivate(path: string): void {
  const mode = modeOf(path);
  if (mode !== null && (mode & OTHERS) !== 0) throw new CommandError(describe(path, mode));
}

/** @returns null when there is no such file, or on Windows, where the bits say nothing */
function modeOf(path: string): number | null {
  if (process.platform === "win32" || !existsSync(path)) return null;
  return statSync(path).mode & 0o777;
}

function describe(path: string, mode: number): string {
  return `${path}: other users can read it (mode ${octal(mode)}). Run: chmod 600 ${quoted(path)}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
