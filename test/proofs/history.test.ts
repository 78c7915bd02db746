import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShiftedClock } from "../support/history/clock.ts";
import { SEED, sizeOf } from "../support/history/options.ts";
import { runHistory } from "../support/history/run.ts";
import { SABOTAGES } from "../support/history/sabotage.ts";

const MODES = ["reject", "same-successor"] as const;
const OPERATIONS = Math.ceil(sizeOf("OPERATIONS", 2000) / MODES.length);
const LIMIT_MS = (sizeOf("MINUTES", 5) * 60_000) / MODES.length;

/** A run ends by itself at its limit; this is for one that hangs. */
const TIMEOUT_MS = LIMIT_MS + 120_000;

const clock = new ShiftedClock();

beforeEach(() => {
  clock.install();
  // Each outage is logged, and there are hundreds.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(MODES)("under %s", (retry) => {
  test(
    "concurrent clients see only what a family guarantees",
    async () => {
      const onProgress = ({ operations, families }: { operations: number; families: number }) => {
        console.log(`${retry}: ${operations} operations on ${families} families`);
      };
      const bounds = { operations: OPERATIONS, endsAtMs: performance.now() + LIMIT_MS };
      const tally = await runHistory({ seed: SEED, ...bounds, retry, clock, onProgress });
      console.log(`${retry}, SEED=${SEED}\n${tally.table()}`);
      expect(tally.violations, `SEED=${SEED} replays it`).toEqual([]);
      expect(tally.operations).toBeGreaterThanOrEqual(OPERATIONS);
      expect(tally.answersOf("refresh: given")).toBeGreaterThan(50);
      expect(tally.answersOf("refresh: unknown")).toBeGreaterThan(5);
      expect(tally.answersOf("exchange: given")).toBeGreaterThan(5);
      expect(tally.answersOf("exchange: refused")).toBeGreaterThan(5);
      expect(tally.answersOf("exchange: unknown")).toBeGreaterThan(0);
      expect(tally.answersOf("approve: given")).toBeGreaterThan(0);
      expect(tally.answersOf("inspect: active")).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );
});

describe("a history finds", () => {
  test.each(SABOTAGES)(
    "$title",
    async ({ intercept: sabotage }) => {
      // Most are found within a few hundred operations; the run ends at the first.
      const bounds = { operations: 8000, violationsMax: 1 };
      const options = { seed: SEED, ...bounds, retry: "reject", clock, sabotage } as const;
      const { violations } = await runHistory(options);
      // The responses alone seldom tell which of them is wrong: it could be any other.
      expect(violations, `SEED=${SEED} replays it`).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
