import { describe, test } from "vitest";
import { type DebianPackage, missing } from "./debian-packages.ts";

/** Debian's Python, whose libraries are Debian's too. */
export const PYTHON = "/usr/bin/python3";

/**
 * Describes tests that need packages of Debian. Where one is missing the tests are skipped and their
 * title says why; on CI they fail instead.
 */
export function describeWithDebian(
  packages: readonly DebianPackage[],
  title: string,
  body: () => void,
): void {
  const lacking = missing(packages);
  if (lacking.length === 0) describe(title, body);
  else if (process.env["CI"] === "true") {
    test(title, () => {
      throw new Error(`Debian packages are missing: apt-get install ${lacking.join(" ")}`);
    });
  } else describe.skip(`${title} (skipped: it needs Debian's ${lacking.join(", ")})`, body);
}
