import { describe, expect, test } from "vitest";
import { createAllowedOrigins } from "../../../src/rate-limit/allowed-origins.ts";

const APP = "https://app.example.com";
const MINUTE_MS = 60_000;

/** An empty cache of origins, over a D1 that has one, or fails. */
function known(lookUp = async (origin: string) => origin === APP) {
  const asked: string[] = [];
  let nowMs = 1_000_000;
  const origins = createAllowedOrigins(
    (origin) => {
      asked.push(origin);
      return lookUp(origin);
    },
    () => nowMs,
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ...origins, asked, pass };
}

describe("an origin of a rejected request", () => {
  test("is looked up, and cached for ten minutes if a client lists it", async () => {
    const { has, remembers, asked, pass } = known();
    expect([remembers(APP), await has(APP), remembers(APP)]).toEqual([false, true, true]);
    pass(10 * MINUTE_MS - 1);
    expect([await has(APP), asked]).toEqual([true, [APP]]);
    pass(1);
    expect([remembers(APP), await has(APP), asked]).toEqual([false, true, [APP, APP]]);
  });

  test("is not cached if no client lists it, and is evicted by a later lookup", async () => {
    const { has, record, remembers } = known();
    expect([await has("https://x.example"), remembers("https://x.example")]).toEqual([
      false,
      false,
    ]);
    record(APP, true);
    expect(remembers(APP)).toBe(true);
    record(APP, false);
    expect(remembers(APP)).toBe(false);
  });

  test("causes at most a hundred lookups in ten seconds, and none while it is cached", async () => {
    const { has, asked, pass } = known();
    await has(APP);
    for (let count = 0; count < 200; count += 1) await has(`https://${count}.example`);
    expect([await has(APP), asked.length]).toEqual([true, 100]);
    pass(10_000);
    expect([await has("https://x.example"), asked.length]).toEqual([false, 101]);
  });

  test("is not allowed when D1 fails", async () => {
    const { has, remembers } = known(() => Promise.reject(new Error("down")));
    expect([await has(APP), remembers(APP)]).toEqual([false, false]);
  });

  test("is cached with up to a thousand; one more evicts the oldest", async () => {
    const { record, remembers } = known();
    for (let count = 0; count <= 1000; count += 1) record(`https://${count}.example`, true);
    expect(["https://0.example", "https://1.example"].map(remembers)).toEqual([false, true]);
  });
});
