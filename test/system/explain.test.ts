import { describe, expect, test } from "vitest";
import { cli } from "../support/processes.ts";

describe("cli explain", () => {
  test("prints what a reason means and how to fix it, for the client and the operator", async () => {
    const { code, stdout, stderr } = await cli("explain", "family_raced");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Reason: family_raced \(400 invalid_grant\)\. .*\nClient: .*\nOperator: .*\n$/,
    );
  });

  test("prints what an error means, and every reason behind it", async () => {
    const { code, stdout } = await cli("explain", "slow_down");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^slow_down: .*\n\nReason: family_busy \(429/);
  });

  test.each([
    ["refresh_token_forg", "Did you mean refresh_token_forged?"],
    ["bogus", "See docs/errors.md."],
    ["", "See docs/errors.md."],
    ["constructor", "See docs/errors.md."],
  ])("reports that %j is unknown", async (word, hint) => {
    const stderr = `There is no error or reason with this name. ${hint}\n`;
    expect(await cli("explain", word)).toEqual({ code: 2, stdout: "", stderr });
  });
});
