import { beforeAll, describe, expect, test } from "vitest";
import { FUZZED, registerFuzzed } from "../support/fuzz/accounts.ts";
import { breaches } from "../support/fuzz/laws.ts";
import { overhear } from "../support/fuzz/overhear.ts";
import { fuzz, summaryOf } from "../support/fuzz/run.ts";
import { SEED, sizeOf } from "../support/history/options.ts";

const REQUESTS = sizeOf("REQUESTS", 50_000);
const LIMIT_MS = sizeOf("MINUTES", 15) * 60_000;

/** A run ends by itself at its limit; this is for one that hangs. */
const TIMEOUT_MS = LIMIT_MS + 120_000;

/** Outcomes that only a nearly valid request has: without them a run would prove little. */
const DEEP = [
  ...["token ok", "revocation ok", "introspection ok", "adminUsers ok", "adminClients ok"],
  ...["token refresh_token_forged", "token family_raced"],
  ...["token scope_not_allowed", "token refresh_token_of_another_client"],
  ...["introspection caller_scope_insufficient", "adminUser invalid", "adminClients invalid"],
  ...["adminUsers caller_token_inactive", "token malformed_multipart"],
];

beforeAll(registerFuzzed);

test(
  "any request gets valid JSON that quotes nothing of it, and never a 5xx",
  async () => {
    const report = await fuzz(FUZZED, {
      ...{ seed: SEED, requests: REQUESTS, endsAtMs: performance.now() + LIMIT_MS },
      onProgress: (soFar) => console.log(summaryOf(soFar)),
    });
    console.log(`SEED=${SEED}: ${summaryOf(report)}`);
    expect(report.violations, `SEED=${SEED} replays them`).toEqual([]);
    expect([...report.log.reasons.keys()]).toEqual(expect.arrayContaining(DEEP));
    expect(report.requests).toBeGreaterThanOrEqual(REQUESTS);
  },
  TIMEOUT_MS,
);

describe("a response is found to be wrong that", () => {
  const JSON_TYPE = { "Content-Type": "application/json" };
  const SOUND = { "Cache-Control": "no-store", Pragma: "no-cache", ...JSON_TYPE };
  const PROBLEM = { ...SOUND, "Content-Type": "application/problem+json" };
  const INVALID = JSON.stringify({ error: "invalid_request" });
  const found = (status: number, headers: HeadersInit, text: string, path = "/o/token/") => {
    const shot = { method: "POST", path, headers: [], body: null };
    return breaches({ status, headers: new Headers(headers), text }, shot, "zqcanary");
  };

  test.each<[string, number, HeadersInit, string, string?]>([
    ["is an internal error", 500, SOUND, INVALID],
    ["is an outage", 503, SOUND, INVALID],
    ["sets a cookie", 400, { ...SOUND, "Set-Cookie": "a=b" }, INVALID],
    ["has an ETag", 400, { ...SOUND, ETag: "a" }, INVALID],
    ["may be stored by caches", 400, { ...SOUND, "Cache-Control": "public" }, INVALID],
    ["may be stored by old caches", 400, { ...JSON_TYPE, "Cache-Control": "no-store" }, INVALID],
    ["is a page", 200, { ...SOUND, "Content-Type": "text/html; charset=utf-8" }, "<p>"],
    [
      "is a page for a wrong method",
      405,
      { ...SOUND, "Content-Type": "text/html; charset=utf-8" },
      "<p>",
    ],
    ["is text", 400, { ...SOUND, "Content-Type": "text/plain" }, INVALID],
    ["is a problem outside the management API", 400, PROBLEM, INVALID],
    ["is not the JSON that it claims to be", 200, SOUND, "{"],
    ["is empty JSON", 200, SOUND, ""],
    ["has no error code", 400, SOUND, "{}"],
    ["has an error and another member", 400, SOUND, '{"error":"a","stack":"b"}'],
    ["describes with a quote", 400, SOUND, '{"error":"a","error_description":"\\""}'],
    ["describes with a letter beyond ASCII", 400, SOUND, '{"error":"a","error_description":"é"}'],
    ["is an OAuth error of the management API", 404, PROBLEM, INVALID, "/admin/users"],
    ["echoes", 200, SOUND, '{"a":"zqCanary"}'],
    ["echoes in a header", 400, { ...SOUND, "X-A": "zqcanary" }, INVALID],
    ["echoes a rejected name", 404, SOUND, '{"error":"zqcanary"}', "/admin/users"],
  ])("%s", (_, status, headers, text, path) => {
    expect(found(status, headers, text, path)).not.toEqual([]);
  });

  test("but not a valid one", () => {
    expect(found(400, SOUND, INVALID)).toEqual([]);
    expect(found(200, SOUND, '{"username":"zqcanary"}', "/admin/users")).toEqual([]);
  });

  test("is logged with what was sent, or with a warning or an error", () => {
    const listener = overhear("zqcanary");
    const line = { event: "request", outcome: "refused", pbkdf2_calls: 0 };
    console.log(JSON.stringify(line));
    console.log(JSON.stringify({ ...line, client_id: "zqcanary, registered" }));
    expect(listener.violations).toEqual([]);
    console.log(JSON.stringify({ ...line, reason: "client_unknown", client_id: "zqcanary" }));
    console.log(JSON.stringify({ ...line, grant_type: "zqcanary" }));
    console.warn("a warning");
    console.error("an error");
    listener.stop();
    expect(listener.violations).toHaveLength(4);
  });
});
