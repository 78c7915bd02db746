import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isUpdateDue, makeLabel, sessionNeededUntilMs } from "../../../src/storage/sessions.ts";
import type { FamilyPolicy } from "../../../src/tokens/family.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const policyOf = (idleMs: number, absoluteMs: number): FamilyPolicy => {
  return { accessTokenMs: HOUR, idleMs, absoluteMs, retry: "reject", retryWindowMs: 10_000 };
};

/** A session refreshed every hour. @returns the hours in which its row is updated */
function notesOf(policy: FamilyPolicy, hours: number): number[] {
  const createdAtMs = 1_700_000_000_123;
  const instants = Array.from({ length: hours }, (_, hour) => createdAtMs + (hour + 1) * HOUR);
  return instants
    .filter((nowMs) => isUpdateDue({ createdAtMs, issuedAtMs: nowMs - HOUR }, nowMs, policy))
    .map((nowMs) => (nowMs - createdAtMs) / HOUR);
}

describe("a refresh updates the row of its session", () => {
  test("once a day when the idle time is long", () => {
    expect(notesOf(policyOf(30 * DAY, 90 * DAY), 72)).toEqual([24, 48, 72]);
  });

  test("ten times per idle time when it is short", () => {
    expect(notesOf(policyOf(20 * HOUR, 90 * DAY), 8)).toEqual([2, 4, 6, 8]);
  });

  test("never twice for two at the same time, with any lifetimes", () => {
    const ms = fc.integer({ min: 1, max: 400 * DAY });
    fc.assert(
      fc.property(ms, ms, ms, (idleMs, createdAtMs, laterMs) => {
        const nowMs = createdAtMs + laterMs;
        const policy = policyOf(idleMs, 400 * DAY);
        expect(isUpdateDue({ createdAtMs, issuedAtMs: nowMs }, nowMs, policy)).toBe(false);
      }),
    );
  });
});

test("a row is kept until its session is over, at most for the absolute lifetime", () => {
  const policy = policyOf(30 * DAY, 90 * DAY);
  // Updated once, refreshed until just before the next update, and then unused.
  expect(sessionNeededUntilMs(0, 0, policy)).toBe(31 * DAY);
  expect(sessionNeededUntilMs(0, 80 * DAY, policy)).toBe(90 * DAY);
});

test("a row is kept while an access token may outlive its refresh token", () => {
  const brief = { ...policyOf(60_000, 60_000), accessTokenMs: 3_600_000 };
  expect(sessionNeededUntilMs(0, 0, brief)).toBe(6_000 + 3_600_000);
  // Refreshed just before the login expires.
  expect(sessionNeededUntilMs(0, 60_000, brief)).toBe(60_000 + 3_600_000);
});

test.each([
  [null, ""],
  ["", ""],
  ["Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"],
  [" a\nb\u0000c\u202e ", "a b c"],
  ["x".repeat(500), "x".repeat(200)],
  [`${"x".repeat(199)}😀`, "x".repeat(199)],
])("the label of %j is %j", (userAgent, label) => {
  expect(makeLabel(userAgent)).toBe(label);
});
