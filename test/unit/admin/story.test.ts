import { describe, expect, test } from "vitest";
import { eventsIn, type LogEvent, storyOf } from "../../../src/admin/explanations/story.ts";

const LINE: LogEvent = {
  event: "request",
  request_id: "8f1c3a5b7d9e0f12-FRA",
  endpoint: "token",
  method: "POST",
  status: 400,
  outcome: "refused",
  reason: "family_reused",
  error: "invalid_grant",
  grant_type: "refresh_token",
  client_id: "shop",
  duration_ms: 83,
  repeats: 1,
  operations: { "d1.find_accounts": 3, "family.rotate": 70 },
};
const TEXT = JSON.stringify(LINE);

describe("a line of the log is found", () => {
  test.each([
    ["by itself", TEXT],
    ["behind the words of wrangler tail", `  (log) ${TEXT}`],
    ["behind the words of wrangler dev", `[wrangler:info] ${TEXT}`],
    ["as a string in the JSON of wrangler tail", `        ${JSON.stringify(TEXT)},`],
    [
      "in that JSON on one line",
      JSON.stringify({ outcome: "ok", logs: [{ message: [TEXT], level: "log" }] }),
    ],
    ["in an entry of Workers Logs", JSON.stringify({ source: LINE, $metadata: { id: "1" } })],
  ])("%s", (_, text) => {
    expect(eventsIn(text)).toEqual([LINE]);
  });

  test.each([
    ["other words", "GET https://example.com/ - Ok"],
    ["another log", '{"event":"request"}'],
    ["another event", '{"event":"deferred_failed","request_id":"1"}'],
    ["half a line", TEXT.slice(0, -2)],
    ["nothing", ""],
    ["what lies too deep", `${'{"a":'.repeat(10)}${TEXT}${"}".repeat(10)}`],
  ])("never in %s", (_, text) => {
    expect(eventsIn(text)).toEqual([]);
  });
});

describe("the story of a request", () => {
  test("says who asked for what, what came of it, why, and how long it took", () => {
    const audit = { action: "family_revoked", reason: "reuse", family_id: "ab12" } as const;
    expect(storyOf(LINE, [audit]).split("\n")).toEqual([
      "8f1c3a5b7d9e0f12-FRA: POST at token was refused (400 invalid_grant).",
      "client shop, grant refresh_token",
      expect.stringMatching(/^Reason: family_reused \(400 invalid_grant\)\. A refresh token /),
      expect.stringMatching(/^Client: Log in again/),
      expect.stringMatching(/^Operator: Treat many/),
      "Took 83 ms: family.rotate 70 ms, d1.find_accounts 3 ms; 1 repeated.",
      "Audit event: family_revoked (reuse, login ab12).",
    ]);
  });

  test("says what broke", () => {
    const failure = { name: "Unavailable", message: "kv.put failed: no answer", frames: ["at x"] };
    const story = storyOf({ ...LINE, outcome: "unavailable", failure }, []);
    expect(story).toContain("could not be answered");
    expect(story).toContain("Failure: Unavailable: kv.put failed: no answer\n  at x\n");
  });

  test("of a call by RPC, and of a line of another version", () => {
    const verify = { event: "verify", request_id: "1", outcome: "ok", duration_ms: 2 } as const;
    expect(storyOf(verify, [])).toBe("1: a call to TokenVerifier succeeded.\nTook 2 ms.");
    expect(storyOf({ ...LINE, reason: "of_tomorrow" }, [])).toContain("Reason: of_tomorrow.");
  });

  test("does not steer the terminal", () => {
    const story = storyOf({ ...LINE, client_id: "\u001b[2J\u0007shop\u009b" }, []);
    expect(story).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
