import { beforeAll, expect, test } from "vitest";
import { FUZZED, registerFuzzed } from "../support/fuzz/cast.ts";
import { fuzz, summaryOf } from "../support/fuzz/run.ts";
import { SEED, soakNumber } from "../support/history/options.ts";

const requests = soakNumber("REQUESTS");
const limitMs = soakNumber("MINUTES") * 60_000;

/** A run ends by itself at its limit; this is for one that hangs. */
const TIMEOUT_MS = limitMs + 120_000;

beforeAll(registerFuzzed);

test(
  "whatever is sent in a long run, the answer is sound",
  async () => {
    console.log(`${requests} requests, SEED=${SEED} replays them`);
    const report = await fuzz(FUZZED, {
      ...{ seed: SEED, requests, endsAtMs: performance.now() + limitMs },
      onProgress: (soFar) => console.log(summaryOf(soFar)),
    });
    console.log(`SEED=${SEED}: ${summaryOf(report)}`);
    for (const violation of report.violations) console.log(violation);
    expect(report.violations.length, "violations, which stand above").toBe(0);
    expect(report.requests).toBeGreaterThanOrEqual(requests);
  },
  TIMEOUT_MS,
);
