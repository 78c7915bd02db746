import { spawnSync } from "node:child_process";
import { describe } from "vitest";

/** Whether a command exists and ends well. */
export function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Debian's Python, whose libraries are Debian's too. */
export const PYTHON = "/usr/bin/python3";

/**
 * Describes tests that need packages of Debian. Where those are missing the tests are left out, and
 * their title says why; on CI they fail instead.
 */
export function describeWithDebian(
  title: string,
  packages: string,
  areInstalled: boolean,
  body: () => void,
): void {
  if (areInstalled || process.env["CI"] === "true") describe(title, body);
  else describe.skip(`${title} (left out: it needs Debian's ${packages})`, body);
}
