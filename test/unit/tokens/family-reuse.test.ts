import { describe, expect, test } from "vitest";
import {
  type FamilyPolicy,
  isAccessTokenLive,
  revoke,
  rotate,
} from "../../../src/tokens/family.ts";
import {
  BIRTH_MS,
  BOTH_MODES,
  REJECT,
  ROTATED,
  SAME_SUCCESSOR,
  type Use,
  use,
  usedFamily,
  wordFor,
} from "../../support/family-uses.ts";

const TWICE: readonly Use[] = [...ROTATED, [1, 1000]];

describe("a consumed token", () => {
  test.each<[string, readonly Use[], Use, "raced" | "repeated" | "reused", "repeated" | "reused"]>([
    ["at once, same attempt", ROTATED, [0, 1000, "a"], "repeated", "repeated"],
    ["at once, another attempt", ROTATED, [0, 1000], "raced", "repeated"],
    [
      "in the last ms of the window, same attempt",
      ROTATED,
      [0, 11_000, "a"],
      "repeated",
      "repeated",
    ],
    ["in the last ms of the window, another attempt", ROTATED, [0, 11_000], "raced", "repeated"],
    ["a millisecond later, same attempt", ROTATED, [0, 11_001, "a"], "reused", "reused"],
    ["a millisecond later, another attempt", ROTATED, [0, 11_001], "reused", "reused"],
    ["by a clock that is behind, same attempt", ROTATED, [0, -60_000, "a"], "repeated", "repeated"],
    ["by a clock that is behind, another attempt", ROTATED, [0, -60_000], "raced", "repeated"],
    ["after the next rotation, same attempt", TWICE, [0, 1000, "a"], "reused", "reused"],
    ["after the next rotation, another attempt", TWICE, [0, 1000], "reused", "reused"],
    ["later, as the newest of several", [...TWICE, [2, 1000]], [2, 1001, "c"], "raced", "repeated"],
    ["as an older generation", [...TWICE, [2, 1000]], [0, 1001], "reused", "reused"],
  ])("that is presented again %s", (_, uses, one, rejecting, repeating) => {
    expect(wordFor(use(usedFamily(uses), one))).toBe(rejecting);
    expect(wordFor(use(usedFamily(uses, SAME_SUCCESSOR), one, SAME_SUCCESSOR))).toBe(repeating);
  });

  test("gets what the first request asked for, not what the retry asks for", () => {
    for (const policy of BOTH_MODES) {
      const state = usedFamily(ROTATED, policy);
      const other = { keyId: "key2", audience: "https://api.example" };
      const rotation = { ...other, generation: 0, scope: "write", attemptId: "a" };
      const { outcome } = rotate(state, rotation, BIRTH_MS + 5000, policy);
      expect(outcome).toEqual({ kind: "repeated", successor: state.live, isSameAttempt: true });
      const made = { keyId: "key", scope: "read", audience: null, issuedAtMs: BIRTH_MS + 1000 };
      expect(state.live).toMatchObject(made);
    }
  });

  test("does not extend the window by a retry", () => {
    for (const policy of BOTH_MODES) {
      const state = usedFamily([...ROTATED, [0, 9000, "a"], [0, 11_000, "a"]], policy);
      expect(wordFor(use(state, [0, 11_001, "a"], policy))).toBe("reused");
    }
  });

  test("does not change the family inside the window and revokes it afterwards", () => {
    for (const policy of BOTH_MODES) {
      const state = usedFamily(ROTATED, policy);
      expect(use(state, [0, 11_000], policy).state).toBe(state);
      const late = use(state, [0, 11_001], policy);
      expect(late.state?.revoked).toEqual({ atMs: BIRTH_MS + 11_001, reason: "reuse" });
      expect(late.outcome).toMatchObject({ ended: state.live });
    }
  });

  test("has the millisecond of its rotation when the window is zero", () => {
    const policy = { ...SAME_SUCCESSOR, retryWindowMs: 0 };
    const state = usedFamily(ROTATED, policy);
    expect(wordFor(use(state, [0, 1000], policy))).toBe("repeated");
    expect(wordFor(use(state, [0, 1001], policy))).toBe("reused");
  });
});

test("a generation that does not exist yet shows that storage was rolled back", () => {
  const state = usedFamily(ROTATED);
  const step = use(state, [2, 1000]);
  expect(wordFor(step)).toBe("unknown");
  expect(step.state?.revoked).toEqual({ atMs: BIRTH_MS + 1000, reason: "rolled_back" });
  expect(step.outcome).toMatchObject({ ended: state.live });
});

test("a family that never began, or was removed, accepts no token", () => {
  const rejected = { kind: "refused", refusal: "unknown", ended: null };
  expect(use(null, [0, 0])).toEqual({ state: null, outcome: rejected });
});

describe("a revoked family", () => {
  const revoked = (policy: FamilyPolicy) => {
    return revoke(usedFamily(ROTATED, policy), "client_request", BIRTH_MS + 2000);
  };

  test.each<[string, Use]>([
    ["the current token", [1, 2000]],
    ["the predecessor, same attempt, inside the window", [0, 2000, "a"]],
    ["the predecessor, another attempt, inside the window", [0, 2000]],
    ["the predecessor, by a clock from before the revocation", [0, 1500, "a"]],
    ["a generation that does not exist", [7, 2000]],
  ])("gives no grace to %s", (_, one) => {
    for (const policy of BOTH_MODES) {
      const state = revoked(policy);
      const rejected = { kind: "refused", refusal: "revoked", ended: null };
      expect(use(state, one, policy)).toEqual({ state, outcome: rejected });
      expect(isAccessTokenLive(state, 1, BIRTH_MS + 2000)).toBe(false);
    }
  });

  test("keeps its first reason and its first time", () => {
    const reused = use(usedFamily(ROTATED), [0, 20_000]).state ?? usedFamily([]);
    const rolledBack = use(usedFamily(ROTATED), [5, 20_000]).state ?? usedFamily([]);
    const states = [revoked(REJECT), reused, rolledBack];
    const reasons = states.map((state) => state.revoked?.reason);
    expect(reasons).toEqual(["client_request", "reuse", "rolled_back"]);
    for (const state of states) {
      expect(revoke(state, "client_request", BIRTH_MS + 90_000)).toBe(state);
      expect(revoke(state, "reuse", BIRTH_MS)).toBe(state);
    }
  });
});
