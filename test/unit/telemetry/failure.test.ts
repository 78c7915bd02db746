import { describe, expect, test } from "vitest";
import { ConfigError, Unavailable } from "../../../src/errors/refusal.ts";
import { describeFailure } from "../../../src/telemetry/failure.ts";

describe("a storage failure keeps the words of the platform's message", () => {
  test.each([
    [
      "D1_ERROR: no such table: clients: SQLITE_ERROR",
      "D1_ERROR: no such table: clients: SQLITE_ERROR",
    ],
    ["no response in 3000 ms", "no response in 3000 ms"],
    ["KV PUT failed: 429 Too Many Requests", "KV PUT failed: 429 Too Many Requests"],
    ["locked by 10.20.30.40", "locked by …"],
    ["near tgr_kYx8Zq77 of it", "near … of it"],
    ["Type 'object' not supported for value 'hunter'", "Type"],
    ['Unexpected token in "hunter two"', "Unexpected token in"],
    ["`hunter`", "…"],
  ])("%j becomes %j", (message, words) => {
    const failure = describeFailure(new Unavailable("d1.find_accounts", new Error(message)));
    expect(failure).toEqual({
      name: "Unavailable",
      message: `d1.find_accounts failed: ${words}`,
    });
  });
});

test("an invalid setting keeps its message, which is the service's own", () => {
  const failure = describeFailure(new ConfigError("SCOPES is missing"));
  expect(failure).toEqual({ name: "ConfigError", message: "SCOPES is missing" });
});

describe("an unexpected failure keeps its stack frames and not its message", () => {
  test("of one line or several", () => {
    for (const message of ["hunter", "a\n    at hunter (b)\nc", ""]) {
      const { name, ...rest } = describeFailure(new SyntaxError(message));
      expect(name).toBe("SyntaxError");
      expect(JSON.stringify(rest)).not.toContain("hunter");
      expect(rest).not.toHaveProperty("message");
      expect(rest.frames?.length).toBeGreaterThan(0);
      for (const frame of rest.frames ?? []) expect(frame).toMatch(/^at /);
    }
  });

  test("nor its frames when they cannot be separated from its message", () => {
    const error = new Error("hunter");
    // `stack` is computed here, where it is first read.
    expect(error.stack).toContain("hunter");
    error.message = "another";
    expect(describeFailure(error)).toEqual({ name: "Error", frames: [] });
  });

  test("nor a name from the caller, nor what is no error", () => {
    const error = Object.assign(new Error("x"), { name: "hunter two" });
    expect(describeFailure(error)).toMatchObject({ name: "Error" });
    expect(describeFailure("hunter")).toEqual({ name: "string" });
    expect(describeFailure(undefined)).toEqual({ name: "undefined" });
  });
});
