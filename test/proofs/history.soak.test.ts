import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShiftedClock } from "../support/history/clock.ts";
import { SEED, soakNumber } from "../support/history/options.ts";
import { runHistory } from "../support/history/run.ts";

const MODES = ["reject", "same-successor"] as const;
const operations = Math.ceil(soakNumber("OPERATIONS") / MODES.length);
const limitMs = (soakNumber("MINUTES") * 60_000) / MODES.length;

/** A run ends by itself at its limit; this is for one that hangs. */
const TIMEOUT_MS = limitMs + 120_000;

const clock = new ShiftedClock();

beforeEach(() => {
  clock.install();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(MODES)("a long history under %s", (retry) => {
  test(
    "is explained by the model of a family",
    async () => {
      console.log(`${retry}: ${operations} operations, SEED=${SEED} replays them`);
      const onProgress = (tally: { operations: number; families: number }) => {
        console.log(`${retry}: ${tally.operations} operations on ${tally.families} families`);
      };
      const bounds = { operations, endsAtMs: performance.now() + limitMs };
      const tally = await runHistory({ seed: SEED, ...bounds, retry, clock, onProgress });
      console.log(`${retry}, SEED=${SEED}\n${tally.table()}`);
      for (const violation of tally.violations) console.log(violation);
      expect(tally.violations.length, "violations, which stand above").toBe(0);
      expect(tally.operations).toBeGreaterThanOrEqual(operations);
    },
    TIMEOUT_MS,
  );
});
