import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { cli } from "../support/processes.ts";

const ID = "8f1c3a5b7d9e0f12-FRA";
const OTHER_ID = "0011223344556677";
const line = (request_id: string, more: object) => {
  return JSON.stringify({
    event: "request",
    request_id,
    endpoint: "token",
    method: "POST",
    ...more,
  });
};
const REUSED = line(ID, {
  ...{ status: 400, outcome: "refused", reason: "family_reused", error: "invalid_grant" },
  ...{ client_id: "shop", duration_ms: 31, operations: { "family.rotate": 21 } },
});
const AUDIT = JSON.stringify({ event: "audit", action: "family_revoked", request_id: ID });
const FINE = line(OTHER_ID, { status: 200, outcome: "ok", duration_ms: 5, operations: {} });
const TAIL = `POST https://x/o/token/ - Ok @ now\n  (log) ${AUDIT}\n  (log) ${REUSED}\n  (log) ${FINE}\n`;

/** Runs `cli explain` with something on its standard input. */
function explain(input: string, ...words: string[]) {
  const command = ["src/cli/main.ts", "explain", ...words];
  const options = { cwd: PROJECT_DIR, input, encoding: "utf8" } as const;
  const { status: code, stdout, stderr } = spawnSync(process.execPath, command, options);
  return { code, stdout, stderr };
}

describe("cli explain", () => {
  test("says what a reason means and what to do, for both who can do something", async () => {
    const { code, stdout, stderr } = await cli("explain", "family_raced");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Reason: family_raced \(400 invalid_grant\)\. .*\nClient: .*\nOperator: /,
    );
  });

  test("says what an error means, and every reason that stands behind it", async () => {
    const { code, stdout } = await cli("explain", "slow_down");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^slow_down: Too many requests.*\n\nReason: family_busy \(429/);
  });

  test.each([
    ["refresh_token_forg", "Do you mean refresh_token_forged?"],
    ["bogus", "docs/errors.md has them all."],
    ["", "docs/errors.md has them all."],
    ["constructor", "docs/errors.md has them all."],
  ])("says that there is no %j", async (word, hint) => {
    const stderr = `There is no error or reason of that name. ${hint}\n`;
    expect(await cli("explain", word)).toEqual({ code: 1, stdout: "", stderr });
  });

  test("tells one request of a log in words, with its audit events", () => {
    const { code, stdout, stderr } = explain(TAIL, ID);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^${ID}: POST at token was refused \\(400 invalid_grant\\)`));
    expect(stdout).toContain("Reason: family_reused");
    expect(stdout).toMatch(/\nAudit event: family_revoked\.\n$/);
    expect(stdout).not.toContain(OTHER_ID);
  });

  test("tells every request of a log without an id", () => {
    const { code, stdout } = explain(TAIL);
    expect(code).toBe(0);
    expect(stdout.split("\n\n").map((story) => story.split(":")[0])).toEqual([ID, OTHER_ID]);
    expect(stdout).toMatch(/succeeded \(200\)\.\nTook 5 ms\.\n$/);
  });

  test("says that the request is not there", () => {
    const words = `No line of the request ${OTHER_ID} came in by standard input.\n`;
    expect(explain(REUSED, OTHER_ID)).toEqual({ code: 1, stdout: "", stderr: words });
    const none = "No line of a request came in by standard input.\n";
    expect(explain("not a log")).toEqual({ code: 1, stdout: "", stderr: none });
  });
});
