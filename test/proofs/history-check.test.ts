import { describe, expect, test } from "vitest";
import { checkHistory } from "../support/history/check.ts";
import type { Answer, Entry, Flaw, Operation, Round } from "../support/history/history.ts";

const RULES = {
  accessTokenMs: 3_600_000,
  idleMs: 86_400_000,
  absoluteMs: 864_000_000,
  codeMs: 60_000,
  retry: "reject",
  retryWindowMs: 10_000,
} as const;
const ACCOUNTS = { password: "old", isActive: true, isDisabled: false };

/** An operation between two positions in the order of all beginnings and ends, and its response. */
function did(
  begunAt: number,
  endedAt: number,
  operation: Operation,
  answer: Answer,
  unseenEffects = 0,
): Entry {
  return { caller: "somebody", operation, answer, begunAt, endedAt, fault: "", unseenEffects };
}

function refresh(generation: number, key: string | null = null, flaw: Flaw | null = null) {
  return { kind: "refresh", generation, key, flaw } as const;
}

function exchange(code: number, key: string | null = null, flaw: Flaw | null = null) {
  return { kind: "exchange", code, key, flaw } as const;
}

const approve = (code: number) => ({ kind: "approve", code }) as const;
const inspect = (generation: number) => ({ kind: "inspect", generation }) as const;
const revoke: Operation = { kind: "revoke", isForeign: false };
const setPassword: Operation = { kind: "set password", password: "new" };
const login = did(1, 2, { kind: "log in", password: "old" }, "given");

const authorization = did(1, 2, { kind: "authorize", password: "old" }, "given");

/** Rounds after an authorization request. */
const checkCodes = (first: readonly Entry[], second: readonly Entry[] = [], gapMs = 0) =>
  check(first, second, gapMs, authorization);

/** Rounds after a login, the second `gapMs` after the first. */
function check(
  first: readonly Entry[],
  second: readonly Entry[] = [],
  gapMs = 0,
  beginning = login,
): string | null {
  const rounds: Round[] = [
    { startMs: 0, lengthMs: 1, entries: [beginning, ...first] },
    { startMs: gapMs, lengthMs: 1, entries: second },
  ];
  const violation = checkHistory({ name: "family", rules: RULES, accounts: ACCOUNTS, rounds });
  return violation === null ? null : (violation.split("\n")[0] ?? "");
}

describe("the check accepts a history", () => {
  test.each<[string, string | null]>([
    [
      "where one of two racing refreshes wins",
      check([
        did(3, 6, refresh(0), "refused"),
        did(4, 5, refresh(0), "given"),
        did(7, 8, refresh(1), "given"),
      ]),
    ],
    [
      "where a lost response is requested again with its key",
      check([
        did(3, 4, refresh(0, "key"), "unknown"),
        did(5, 6, refresh(0, "key"), "given"),
        did(7, 8, refresh(1), "given"),
      ]),
    ],
    [
      "where an outage had no effect",
      check([did(3, 4, refresh(0), "unknown"), did(5, 6, refresh(0), "given")]),
    ],
    [
      "where an outage had its effect after a later response",
      check([
        did(3, 8, refresh(0), "unknown"),
        did(4, 5, inspect(0), "active"),
        did(9, 10, inspect(0), "inactive"),
      ]),
    ],
    [
      "where a token is introspected while it is revoked",
      check([
        did(3, 6, revoke, "done"),
        did(4, 5, inspect(0), "active"),
        did(7, 8, inspect(0), "inactive"),
      ]),
    ],
    [
      "where reuse ends the family after the window",
      check(
        [did(3, 4, refresh(0), "given")],
        [did(5, 6, refresh(0), "refused"), did(7, 8, refresh(1), "refused")],
        20_000,
      ),
    ],
    [
      "where a rotation is repeated after reuse has ended the family",
      check(
        [did(3, 4, refresh(0), "given")],
        [did(5, 8, refresh(1), "refused", 1), did(6, 7, refresh(0), "refused")],
      ),
    ],
    [
      "where a limit is within the uncertainty of the time",
      check(
        [did(3, 4, refresh(0, "key"), "given")],
        [did(5, 6, refresh(0, "key"), "given"), did(7, 8, refresh(0, "key"), "refused")],
        10_001,
      ),
    ],
    [
      "where one of two racing exchanges wins",
      checkCodes([
        did(3, 6, exchange(0), "refused"),
        did(4, 5, exchange(0), "given"),
        did(7, 8, refresh(0), "given"),
      ]),
    ],
    [
      "where a lost exchange is requested again with its key",
      checkCodes([
        did(3, 4, exchange(0, "key"), "unknown"),
        did(5, 6, exchange(0, "key"), "given"),
      ]),
    ],
    [
      "where the second code of a request is rejected, and ends nothing even later",
      checkCodes(
        [did(3, 4, approve(1), "given"), did(5, 6, exchange(1), "given")],
        [did(7, 8, exchange(0), "refused"), did(9, 10, refresh(0), "given")],
        20_000,
      ),
    ],
    [
      "where the late replay of a code ends its family",
      checkCodes(
        [did(3, 4, exchange(0), "given")],
        [did(5, 6, exchange(0), "refused"), did(7, 8, refresh(0), "refused")],
        20_000,
      ),
    ],
    [
      "where an expired code is rejected, and its replay ends nothing",
      checkCodes(
        [did(3, 4, exchange(0), "given")],
        [did(5, 6, exchange(0), "refused"), did(7, 8, refresh(0), "given")],
        70_000,
      ),
    ],
  ])("%s", (_, violation) => {
    expect(violation).toBeNull();
  });
});

describe("the check finds", () => {
  test.each<[string, string, string | null]>([
    [
      "a token given two successors",
      "a token that had ended was given a successor",
      check([did(3, 4, refresh(0), "given"), did(5, 6, refresh(0), "given")]),
    ],
    [
      "a token that was acknowledged and is rejected",
      "an acknowledged token was lost",
      check([did(3, 4, refresh(0), "given"), did(5, 6, refresh(1), "refused")]),
    ],
    [
      "a key that does not return the same response",
      "an acknowledged token was lost",
      check([did(3, 4, refresh(0, "key"), "given"), did(5, 6, refresh(0, "key"), "refused")]),
    ],
    [
      "a race that ends the family",
      "an acknowledged token was lost",
      check([
        did(3, 6, refresh(0), "given"),
        did(4, 5, refresh(0), "refused"),
        did(7, 8, refresh(1), "refused"),
      ]),
    ],
    [
      "a token that is rejected and not consumed before the reuse that would explain it",
      "an acknowledged token was lost",
      check(
        [did(3, 4, refresh(0), "given")],
        [did(5, 8, refresh(1), "refused"), did(6, 7, refresh(0), "refused")],
      ),
    ],
    [
      "a repeated rotation that is rejected without an event between",
      "an acknowledged token was lost",
      check([did(3, 4, refresh(0), "refused", 1)]),
    ],
    [
      "a revoked token that is active",
      "a token that had ended was reported active",
      check([did(3, 4, revoke, "done"), did(5, 6, inspect(0), "active")]),
    ],
    [
      "a rotated token that is active",
      "a token that had ended was reported active",
      check([did(3, 4, refresh(0), "given"), did(5, 6, inspect(0), "active")]),
    ],
    [
      "a live token that is inactive",
      "a live token was reported inactive",
      check([did(3, 4, inspect(0), "inactive"), did(5, 6, inspect(0), "active")]),
    ],
    [
      "a failed check that consumes",
      "a failed check consumed the token",
      check([did(3, 4, refresh(0, null, "scope"), "rejected"), did(5, 6, refresh(0), "refused")]),
    ],
    [
      "a failed check that succeeds",
      "a request passed that must fail a check",
      check([did(3, 4, refresh(0, null, "client"), "given")]),
    ],
    [
      "a session that outlives its password",
      "a token that had ended was given a successor",
      check([did(3, 4, setPassword, "done"), did(5, 6, refresh(0), "given")]),
    ],
    [
      "an overtaken login that remains valid",
      "a token that had ended was reported active",
      check([did(1, 3, setPassword, "done"), did(4, 5, inspect(0), "active")]),
    ],
    [
      "a login by the old password",
      "a login succeeded that should not have",
      check([did(0, 0, setPassword, "done")]),
    ],
    [
      "an idle family that is refreshed",
      "a token that had ended was given a successor",
      check([], [did(3, 4, refresh(0), "given")], 90_000_000),
    ],
    [
      "reuse that does not end the family",
      "a token that had ended was given a successor",
      check(
        [did(3, 4, refresh(0), "given")],
        [did(5, 6, refresh(0), "refused"), did(7, 8, refresh(1), "given")],
        20_000,
      ),
    ],
    [
      "a code that yields tokens twice",
      "a code that had ended was given tokens",
      checkCodes([did(3, 4, exchange(0), "given"), did(5, 6, exchange(0), "given")]),
    ],
    [
      "two codes of one request that both yield a login",
      "a code that had ended was given tokens",
      checkCodes([
        did(3, 4, approve(1), "given"),
        did(5, 6, exchange(0), "given"),
        did(7, 8, exchange(1), "given"),
      ]),
    ],
    [
      "a failed check that consumes a code",
      "a failed check consumed the token",
      checkCodes([
        did(3, 4, exchange(0, null, "verifier"), "refused"),
        did(5, 6, exchange(0), "refused"),
      ]),
    ],
    [
      "a failed check that yields tokens",
      "a request passed that must fail a check",
      checkCodes([did(3, 4, exchange(0, null, "redirect"), "given")]),
    ],
    [
      "a late replay that does not end the family",
      "a token that had ended was given a successor",
      checkCodes(
        [did(3, 4, exchange(0), "given")],
        [did(5, 6, exchange(0), "refused"), did(7, 8, refresh(0), "given")],
        20_000,
      ),
    ],
    [
      "a late replay by a failed check that ends the family",
      "a failed check consumed the token",
      checkCodes(
        [did(3, 4, exchange(0), "given")],
        [did(5, 6, exchange(0, null, "verifier"), "refused"), did(7, 8, refresh(0), "refused")],
        20_000,
      ),
    ],
    [
      "a code that outlives its password",
      "a code that had ended was given tokens",
      checkCodes([did(3, 4, setPassword, "done"), did(5, 6, exchange(0), "given")]),
    ],
    [
      "a browser session that outlives its password",
      "a code was issued that should not have been",
      checkCodes([did(3, 4, setPassword, "done"), did(5, 6, approve(1), "given")]),
    ],
    [
      "an expired code that yields tokens",
      "a code that had ended was given tokens",
      checkCodes([], [did(3, 4, exchange(0), "given")], 70_000),
    ],
  ])("%s", (_, suspicion, violation) => {
    expect(violation).toBe(suspicion);
  });
});
