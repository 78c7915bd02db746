import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShiftedClock } from "../support/history/clock.ts";
import { SEED } from "../support/history/options.ts";
import { runHistory } from "../support/history/run.ts";
import { SABOTAGES } from "../support/history/sabotage.ts";

/** Enough for a slow machine: the runs are bounded in count. */
const TIMEOUT_MS = 180_000;

const clock = new ShiftedClock();

beforeEach(() => {
  clock.install();
  // Each outage is logged, and here are hundreds.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(["reject", "same-successor"] as const)("under %s", (retry) => {
  test(
    "what concurrent clients see is what a family promises",
    async () => {
      const tally = await runHistory({ seed: SEED, operations: 1000, retry, clock });
      expect(tally.violations, `SEED=${SEED} replays it`).toEqual([]);
      expect(tally.answersOf("refresh: given")).toBeGreaterThan(50);
      expect(tally.answersOf("refresh: unknown")).toBeGreaterThan(5);
      expect(tally.answersOf("inspect: active")).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );
});

describe("a history notices", () => {
  test.each(SABOTAGES)(
    "$title",
    async ({ intercept: sabotage }) => {
      // Most are noticed within a few hundred; the run ends at the first.
      const bounds = { operations: 8000, violationsMax: 1 };
      const options = { seed: SEED, ...bounds, retry: "reject", clock, sabotage } as const;
      const { violations } = await runHistory(options);
      // Which answer is to blame, the answers alone seldom tell: any other could be the wrong one.
      expect(violations, `SEED=${SEED} replays it`).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
