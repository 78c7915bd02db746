import { describe, expect, test } from "vitest";
import { isAccessTokenLive, neededUntilMs, nextGeneration } from "../../../src/tokens/family.ts";
import {
  BIRTH_MS,
  REJECT,
  ROTATED,
  type Use,
  use,
  usedFamily,
  wordFor,
} from "../../support/family-uses.ts";

const DAY_MS = 86_400_000;
const { idleMs, absoluteMs, accessTokenMs } = REJECT;

/** Refreshed every 20 days until the absolute lifetime is nearly over. */
const KEPT: readonly Use[] = [20, 40, 60, 80].map((day, index) => [index, day * DAY_MS]);

describe("a family's lifetime", () => {
  test.each<[string, readonly Use[], Use, "rotated" | "expired"]>([
    ["continues a millisecond before the idle end", [], [0, idleMs - 1], "rotated"],
    ["is over at the idle end", [], [0, idleMs], "expired"],
    ["counts idleness from the last rotation", ROTATED, [1, idleMs + 999], "rotated"],
    ["is over at the idle end after a rotation", ROTATED, [1, idleMs + 1000], "expired"],
    ["continues a millisecond before the absolute end", KEPT, [4, absoluteMs - 1], "rotated"],
    ["is over at the absolute end, even when in use", KEPT, [4, absoluteMs], "expired"],
    ["is over for a consumed token too", ROTATED, [0, idleMs + 1000], "expired"],
  ])("%s", (_, uses, one, word) => {
    const step = use(usedFamily(uses), one);
    expect(wordFor(step)).toBe(word);
    expect(step.state?.revoked).toBeNull();
  });

  test("is needed until neither of its tokens can be valid", () => {
    expect(neededUntilMs(usedFamily(ROTATED), REJECT)).toBe(BIRTH_MS + 1000 + idleMs);
    expect(neededUntilMs(usedFamily(KEPT), REJECT)).toBe(BIRTH_MS + absoluteMs);
    const brief = { ...REJECT, idleMs: 1000 };
    expect(neededUntilMs(usedFamily([]), brief)).toBe(BIRTH_MS + accessTokenMs);
  });
});

test("an access token is valid until its expiry exactly, and only while it is current", () => {
  const state = usedFamily(ROTATED);
  const endMs = BIRTH_MS + 1000 + accessTokenMs;
  expect(isAccessTokenLive(state, 1, endMs - 1)).toBe(true);
  expect(isAccessTokenLive(state, 1, endMs)).toBe(false);
  expect(isAccessTokenLive(state, 0, BIRTH_MS + 1000)).toBe(false);
  expect(isAccessTokenLive(state, 2, BIRTH_MS + 1000)).toBe(false);
});

describe("a clock that is behind", () => {
  const state = usedFamily([...ROTATED, [1, -60_000]]);

  test("gives a rotation the time of the previous one", () => {
    expect(state.live).toMatchObject({ generation: 2, issuedAtMs: BIRTH_MS + 1000 });
  });

  test("derives the same successor before the rotation as the rotation does", () => {
    const made = { keyId: state.live.keyId, scope: "read", audience: null };
    const next = nextGeneration(state.live, made, BIRTH_MS - 60_000, REJECT);
    expect(next).toMatchObject({ generation: 3, issuedAtMs: BIRTH_MS + 1000 });
  });

  test("gives an end by reuse the time of the last rotation", () => {
    const { state: ended } = use(state, [0, -60_000, "c"]);
    expect(ended?.revoked).toEqual({ atMs: BIRTH_MS + 1000, reason: "reuse" });
  });

  test("does not move the window", () => {
    expect(wordFor(use(state, [1, 11_000, "c"]))).toBe("raced");
    expect(wordFor(use(state, [1, 11_001, "c"]))).toBe("reused");
  });

  test("does not change the age of a family", () => {
    expect(wordFor(use(state, [2, idleMs + 999]))).toBe("rotated");
    expect(wordFor(use(state, [2, idleMs + 1000]))).toBe("expired");
  });
});
