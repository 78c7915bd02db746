import { chmodSync, existsSync, statSync } from "node:fs";
import { CommandError } from "./command-error.ts";

/** Permission bits of the group and of other users. */
const OTHERS = 0o077;

const PRIVATE_MODE = 0o600;

/**
 * Makes a file of secrets readable only by its owner. A copy of an example file is not.
 *
 * @returns a message, or null when nothing changed
 */
export function makePrivate(path: string): string | null {
  const mode = modeOf(path);
  if (mode === null || (mode & OTHERS) === 0) return null;
  try {
    chmodSync(path, PRIVATE_MODE);
    return `${path}: other users could read it (mode ${octal(mode)}). Changed to owner only.`;
  } catch {
    return `Warning: ${describe(path, mode)}`;
  }
}

/** Rejects a file of secrets that other users can read. @throws CommandError with the fix */
export function requirePrivate(path: string): void {
  const mode = modeOf(path);
  if (mode !== null && (mode & OTHERS) !== 0) throw new CommandError(describe(path, mode));
}

/** @returns null when the file does not exist, or on Windows, which has no such bits */
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

/** Quotes a path for a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
