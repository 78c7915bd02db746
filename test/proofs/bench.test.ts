import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare } from "../../bench/compare.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { type BenchServer, startBenchServer } from "../../bench/server.ts";
import { PROJECT_DIR } from "../../src/cli/project.ts";

let server: BenchServer;
beforeAll(async () => {
  server = await startBenchServer({ vars: { PASSWORD_HASH_ROUNDS: 1 } });
});
afterAll(async () => {
  await server?.stop();
});

const BLINK = { seconds: 0.1, turns: 1 };

describe("the bench", () => {
  test.each(SCENARIOS)(
    "gets only the expected responses from $name and its floor",
    async (scenario) => {
      const { pid } = server;
      const one = { streams: [await scenario.ours(server)], pid };
      const other = { streams: [await scenario.beneath(server)], pid };
      const comparison = await compare(one, other, BLINK);
      expect(comparison.one.perSecond).toBeGreaterThan(0);
      expect(comparison.other.perSecond).toBeGreaterThan(0);
    },
  );

  test("rejects a response in which only the status is right", async () => {
    const wrong = {
      introspection: { active: false },
      "introspection, forged token": { active: true },
      "RPC verify": { kind: "invalid_token" },
      "RPC verify, forged token": { kind: "unavailable" },
      "refresh, forged token": { error: "invalid_client" },
      "refresh, 1 connection": {},
    };
    for (const [name, answer] of Object.entries(wrong)) {
      const scenario = SCENARIOS.find((each) => each.name === name);
      const stream = await scenario?.ours(server);
      expect(() => stream?.accept(JSON.stringify(answer)), name).toThrow();
    }
  });

  test.each([
    [["--only", "nonsense"], 'no scenario has "nonsense" in its name'],
    [["--write"], "--write renews the whole document"],
    [["--write", "--peers", "--only", "refresh"], "--write renews the whole document"],
  ])("is not run with %j", (args, message) => {
    const main = join(PROJECT_DIR, "bench/main.ts");
    const run = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain(message);
  });

  test("ends at the first wrong response", async () => {
    const [scenario] = SCENARIOS;
    if (scenario === undefined) throw new Error("there is no scenario");
    const right = await scenario.beneath(server);
    const wrong = { ...right, next: () => ({ ...right.next(), status: 201 }) };
    const one = { streams: [right], pid: server.pid };
    const comparing = compare(one, { ...one, streams: [wrong] }, BLINK);
    await expect(comparing).rejects.toThrow("/pbkdf2 answered 200");
  });
});
