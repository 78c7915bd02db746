import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare } from "../bench/compare.ts";
import { SCENARIOS } from "../bench/scenarios.ts";
import { type BenchServer, startBenchServer } from "../bench/server.ts";

let server: BenchServer;
beforeAll(async () => {
  server = await startBenchServer({ vars: { PASSWORD_HASH_ROUNDS: 1 } });
});
afterAll(async () => {
  await server?.stop();
});

const BLINK = { seconds: 0.1, turns: 1 };

describe("the bench", () => {
  test.each(SCENARIOS)("gets right answers alone from $name and its floor", async (scenario) => {
    const { pid } = server;
    const one = { streams: [await scenario.ours(server)], pid };
    const other = { streams: [await scenario.beneath(server)], pid };
    const comparison = await compare(one, other, BLINK);
    expect(comparison.one.perSecond).toBeGreaterThan(0);
    expect(comparison.other.perSecond).toBeGreaterThan(0);
  });

  test("ends with the first wrong answer", async () => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error("there is no scenario");
    const right = await scenario.beneath(server);
    const wrong = { ...right, next: () => ({ ...right.next(), status: 201 }) };
    const one = { streams: [right], pid: server.pid };
    const comparing = compare(one, { ...one, streams: [wrong] }, BLINK);
    await expect(comparing).rejects.toThrow("/pbkdf2 answered 200");
  });
});
