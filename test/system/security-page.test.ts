import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";

const page = readFileSync(join(PROJECT_DIR, "SECURITY.md"), "utf8");

/** Rows of the table of threats: what the attacker does, what defends, the tests. */
const THREATS = [...page.matchAll(/^\| ([A-Z][^|]*) \| ([^|]*) \| (`test\/[^|]*) \|$/gm)].map(
  ([, threat = "", , tests = ""]) => ({ threat, tests: tests.split(", ") }),
);

describe("SECURITY.md", () => {
  test("has a test for every threat", () => {
    const [, table = ""] = page.split("## Threats\n\n");
    const rows = table.split("\n\n")[0]?.split("\n").slice(2);
    expect(rows?.length).toBeGreaterThan(20);
    expect(THREATS.map(({ threat }) => threat)).toEqual(
      rows?.map((row) => row.split(" | ")[0]?.slice(2)),
    );
  });

  test.each(THREATS)("names test files that exist: $threat", ({ tests }) => {
    const paths = tests.map((quoted) => quoted.slice(1, -1));
    for (const path of paths) expect(path).toMatch(/^test\/[\w/-]+\.test\.ts$/);
    expect(paths.filter((path) => !existsSync(join(PROJECT_DIR, path)))).toEqual([]);
  });

  test("links to nothing that is not there", () => {
    const links = [...page.matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g)].map(([, path = ""]) => path);
    expect(links.filter((path) => !existsSync(join(PROJECT_DIR, path)))).toEqual([]);
  });
});
