import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

const dir = ownDir();

const NONE = { info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: 0 };

/** The output of npm 10 and 11. @param found the level of each vulnerable package */
function auditOf(found: Readonly<Record<string, keyof typeof NONE>>): object {
  const counts: Record<string, number> = { ...NONE, total: Object.keys(found).length };
  for (const level of Object.values(found)) counts[level] = (counts[level] ?? 0) + 1;
  const vulnerabilities = Object.entries(found).map(([name, severity]) => {
    const more = { isDirect: true, via: [], effects: [], nodes: [`node_modules/${name}`] };
    return [name, { name, severity, range: "<4.13.20", fixAvailable: true, ...more }] as const;
  });
  return {
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(vulnerabilities),
    metadata: { vulnerabilities: counts, dependencies: { prod: 5, dev: 279, total: 283 } },
  };
}

function judge(report: unknown): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const file = join(dir, `${crypto.randomUUID()}.json`);
  writeFileSync(file, typeof report === "string" ? report : JSON.stringify(report));
  return run(process.execPath, [join(PROJECT_DIR, ".ci/advisories.mjs"), file]);
}

describe("the CI check of advisories", () => {
  test.each(["moderate", "high", "critical"] as const)(
    "fails for a vulnerable package of level %s, and names it",
    async (level) => {
      expect(await judge(auditOf({ hono: level, zod: "low" }))).toEqual({
        code: 1,
        stdout: "",
        stderr:
          `${level}: hono <4.13.20\n` +
          "Packages of the lockfile have known weaknesses: `npm audit` has the links.\n",
      });
    },
  );

  test("fails by the count alone, if npm lists findings in another format", async () => {
    const counted = { metadata: { vulnerabilities: { ...NONE, high: 1, total: 1 } } };
    expect(await judge(counted)).toMatchObject({ code: 1 });
    expect(await judge({ metadata: { vulnerabilities: {} } })).toMatchObject({ code: 1 });
  });

  test.each([{}, { zod: "low" }, { zod: "info" }] as const)(
    "passes with only these levels: %j",
    async (found) => {
      expect(await judge(auditOf(found))).toEqual({
        code: 0,
        stdout: "npm audit: no known weakness of level moderate or above.\n",
        stderr: "",
      });
    },
  );

  test.each([
    [
      "405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk",
      { statusCode: 405, body: "" },
    ],
    ["request to https://registry.npmjs.org/ failed, reason: getaddrinfo ENOTFOUND", {}],
    ["request failed, reason: connect ECONNREFUSED 127.0.0.1:1\nsecond line", {}],
  ])(
    "passes when npm cannot fetch advisories, with one line of warning: %s",
    async (message, more) => {
      const error = { summary: "", detail: "" };
      const ended = await judge({ message, ...more, error });
      expect(ended).toEqual({
        code: 0,
        stdout:
          "npm audit could not ask for advisories, so nothing is known: " +
          `${message.split("\n")[0]}\n`,
        stderr: "",
      });
    },
  );

  test.each([
    ["", "its answer is no report"],
    ["<html>", "its answer is no report"],
    ["{}", "its answer is no report"],
    [
      { error: { code: "ENOLOCK", summary: "This command requires an existing lockfile." } },
      "This command requires an existing lockfile.",
    ],
  ])("fails for an invalid report: %j", async (report, reason) => {
    expect(await judge(report)).toEqual({
      code: 1,
      stdout: "",
      stderr: `npm audit failed: ${reason}\n`,
    });
  });
});
