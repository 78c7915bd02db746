import { describe, expect, test } from "vitest";
import { checkHistory } from "../support/history/check.ts";
import type { Answer, Entry, Flaw, Operation } from "../support/history/history.ts";

const RULES = {
  accessTokenMs: 3_600_000,
  idleMs: 86_400_000,
  absoluteMs: 864_000_000,
  codeMs: 60_000,
  retry: "reject",
  retryWindowMs: 10_000,
} as const;
const ACCOUNTS = { password: "old", isActive: true, isDisabled: false };

const OPERATIONS: Readonly<
  Record<string, (number: number, key: string | null, flaw: Flaw | null) => Operation>
> = {
  login: () => ({ kind: "log in", password: "old" }),
  code: () => ({ kind: "authorize", password: "old" }),
  refresh: (generation, key, flaw) => ({ kind: "refresh", generation, key, flaw }),
  exchange: (code, key, flaw) => ({ kind: "exchange", code, key, flaw }),
  approve: (code) => ({ kind: "approve", code }),
  inspect: (generation) => ({ kind: "inspect", generation }),
  revoke: () => ({ kind: "revoke", isForeign: false }),
  "set-password": () => ({ kind: "set password", password: "new" }),
};

/** Reads `3-6 refresh 0 key !scope +1 given`: positions, number, key, flaw, unseen effects, answer. */
function entryOf(text: string): Entry {
  const [positions = "", kind = "", ...words] = text.split(" ");
  const [begunAt = 0, endedAt = 0] = positions.split("-").map(Number);
  const wordFrom = (pattern: RegExp) => words.slice(0, -1).find((word) => pattern.test(word));
  const flaw = (wordFrom(/^!/)?.slice(1) ?? null) as Flaw | null;
  const operation = OPERATIONS[kind]?.(Number(words[0]), wordFrom(/^key/) ?? null, flaw);
  if (operation === undefined) throw new Error(`there is no operation ${kind}`);
  const [answer, unseenEffects] = [words.at(-1) as Answer, Number(wordFrom(/^\+/) ?? 0)];
  return { caller: "a client", operation, answer, begunAt, endedAt, fault: "", unseenEffects };
}

/** Checks what follows a login or the request of a code; `|20000|` is a pause of 20 seconds. */
function violationOf(history: string): string | null {
  const [beginning = "", text = ""] = history.split(/: ?/);
  const [first = "", gapMs, second = ""] = text.split(/ ?\|(\d+)\| /);
  const [one = [], two = []] = [first, second].map((round) => {
    return round === "" ? [] : round.split(", ").map(entryOf);
  });
  const rounds = [
    { startMs: 0, lengthMs: 1, entries: [entryOf(`1-2 ${beginning} given`), ...one] },
    { startMs: Number(gapMs ?? 0), lengthMs: 1, entries: two },
  ];
  const violation = checkHistory({ name: "family", rules: RULES, accounts: ACCOUNTS, rounds });
  return violation?.split("\n")[0] ?? null;
}

describe("the check accepts a history", () => {
  test.each(
    Object.entries({
      "where one of two racing refreshes wins":
        "login: 3-6 refresh 0 refused, 4-5 refresh 0 given, 7-8 refresh 1 given",
      "where a lost response is requested again with its key":
        "login: 3-4 refresh 0 key unknown, 5-6 refresh 0 key given, 7-8 refresh 1 given",
      "where an outage had no effect": "login: 3-4 refresh 0 unknown, 5-6 refresh 0 given",
      "where an outage had its effect after a later response":
        "login: 3-8 refresh 0 unknown, 4-5 inspect 0 active, 9-10 inspect 0 inactive",
      "where a token is introspected while it is revoked":
        "login: 3-6 revoke done, 4-5 inspect 0 active, 7-8 inspect 0 inactive",
      "where reuse ends the family after the window":
        "login: 3-4 refresh 0 given |20000| 5-6 refresh 0 refused, 7-8 refresh 1 refused",
      "where a rotation is repeated after reuse has ended the family":
        "login: 3-4 refresh 0 given |0| 5-8 refresh 1 +1 refused, 6-7 refresh 0 refused",
      "where a limit is within the uncertainty of the time":
        "login: 3-4 refresh 0 key given |10001| 5-6 refresh 0 key given, 7-8 refresh 0 key refused",
      "where one of two racing exchanges wins":
        "code: 3-6 exchange 0 refused, 4-5 exchange 0 given, 7-8 refresh 0 given",
      "where a lost exchange is requested again with its key":
        "code: 3-4 exchange 0 key unknown, 5-6 exchange 0 key given",
      "where the second code of a request is rejected, and ends nothing even later":
        "code: 3-4 approve 1 given, 5-6 exchange 1 given |20000| 7-8 exchange 0 refused, 9-10 refresh 0 given",
      "where the late replay of a code ends its family":
        "code: 3-4 exchange 0 given |20000| 5-6 exchange 0 refused, 7-8 refresh 0 refused",
      "where an expired code is rejected, and its replay ends nothing":
        "code: 3-4 exchange 0 given |70000| 5-6 exchange 0 refused, 7-8 refresh 0 given",
    }),
  )("%s", (_, history) => {
    expect(violationOf(history)).toBeNull();
  });
});

/** By what the check says of them. */
const VIOLATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a token that had ended was given a successor": {
    "a token given two successors": "login: 3-4 refresh 0 given, 5-6 refresh 0 given",
    "a session that outlives its password": "login: 3-4 set-password done, 5-6 refresh 0 given",
    "an idle family that is refreshed": "login: |90000000| 3-4 refresh 0 given",
    "reuse that does not end the family":
      "login: 3-4 refresh 0 given |20000| 5-6 refresh 0 refused, 7-8 refresh 1 given",
    "a late replay that does not end the family":
      "code: 3-4 exchange 0 given |20000| 5-6 exchange 0 refused, 7-8 refresh 0 given",
  },
  "an acknowledged token was lost": {
    "a token that was acknowledged and is rejected":
      "login: 3-4 refresh 0 given, 5-6 refresh 1 refused",
    "a key that does not return the same response":
      "login: 3-4 refresh 0 key given, 5-6 refresh 0 key refused",
    "a race that ends the family":
      "login: 3-6 refresh 0 given, 4-5 refresh 0 refused, 7-8 refresh 1 refused",
    "a token that is rejected and not consumed before the reuse that would explain it":
      "login: 3-4 refresh 0 given |0| 5-8 refresh 1 refused, 6-7 refresh 0 refused",
    "a repeated rotation that is rejected without an event between":
      "login: 3-4 refresh 0 +1 refused",
  },
  "a token that had ended was reported active": {
    "a revoked token that is active": "login: 3-4 revoke done, 5-6 inspect 0 active",
    "a rotated token that is active": "login: 3-4 refresh 0 given, 5-6 inspect 0 active",
    "an overtaken login that remains valid": "login: 1-3 set-password done, 4-5 inspect 0 active",
  },
  "a live token was reported inactive": {
    "a live token that is inactive": "login: 3-4 inspect 0 inactive, 5-6 inspect 0 active",
  },
  "a failed check consumed the token": {
    "a failed check that consumes": "login: 3-4 refresh 0 !scope rejected, 5-6 refresh 0 refused",
    "a failed check that consumes a code":
      "code: 3-4 exchange 0 !verifier refused, 5-6 exchange 0 refused",
    "a late replay by a failed check that ends the family":
      "code: 3-4 exchange 0 given |20000| 5-6 exchange 0 !verifier refused, 7-8 refresh 0 refused",
  },
  "a request passed that must fail a check": {
    "a failed check that succeeds": "login: 3-4 refresh 0 !client given",
    "a failed check that yields tokens": "code: 3-4 exchange 0 !redirect given",
  },
  "a login succeeded that should not have": {
    "a login by the old password": "login: 0-0 set-password done",
  },
  "a code that had ended was given tokens": {
    "a code that yields tokens twice": "code: 3-4 exchange 0 given, 5-6 exchange 0 given",
    "two codes of one request that both yield a login":
      "code: 3-4 approve 1 given, 5-6 exchange 0 given, 7-8 exchange 1 given",
    "a code that outlives its password": "code: 3-4 set-password done, 5-6 exchange 0 given",
    "an expired code that yields tokens": "code:  |70000| 3-4 exchange 0 given",
  },
  "a code was issued that should not have been": {
    "a browser session that outlives its password":
      "code: 3-4 set-password done, 5-6 approve 1 given",
  },
};

describe.each(Object.entries(VIOLATIONS))("the check finds that %s:", (violation, histories) => {
  test.each(Object.entries(histories))("%s", (_, history) => {
    expect(violationOf(history)).toBe(violation);
  });
});
