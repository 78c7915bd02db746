import { beforeAll, expect, test } from "vitest";
import { FUZZED, registerFuzzed } from "../support/fuzz/cast.ts";
import { fuzz, summaryOf } from "../support/fuzz/run.ts";
import { SEED } from "../support/history/options.ts";

const REQUESTS = 50_000;

/** A run takes under a minute on two cores; this is for a machine that is busy. */
const TIMEOUT_MS = 300_000;

/** What only a request that is nearly right comes to: without it a run would prove little. */
const DEEP = [
  ...["token ok", "revocation ok", "introspection ok", "adminUsers ok", "adminClients ok"],
  ...["token password_wrong", "token refresh_token_forged", "token family_raced"],
  ...["token scope_not_allowed", "token refresh_token_of_another_client"],
  ...["introspection caller_scope_insufficient", "adminUser invalid", "adminClients invalid"],
  ...["adminUsers caller_token_inactive", "token malformed_multipart"],
];

beforeAll(registerFuzzed);

test(
  "whatever is sent, the answer is sound JSON without a word of it, and never a fault",
  async () => {
    const report = await fuzz(FUZZED, { seed: SEED, requests: REQUESTS });
    console.log(`SEED=${SEED}: ${summaryOf(report)}`);
    expect(report.violations, `SEED=${SEED} replays them`).toEqual([]);
    expect([...report.log.reasons.keys()]).toEqual(expect.arrayContaining(DEEP));
    expect(report.requests).toBeGreaterThanOrEqual(REQUESTS);
  },
  TIMEOUT_MS,
);
