import { describe, expect, test } from "vitest";
import { createAllowedOrigins } from "../../../src/rate-limit/allowed-origins.ts";

const APP = "https://app.example.com";
const MINUTE_MS = 60_000;

/** Origins that know none, over a D1 that has one, fails, or was asked too much. */
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

describe("an origin of a refused request", () => {
  test("is looked up, and remembered for ten minutes if it is on a list", async () => {
    const { has, remembers, asked, pass } = known();
    expect([remembers(APP), await has(APP), remembers(APP)]).toEqual([false, true, true]);
    pass(10 * MINUTE_MS - 1);
    expect([await has(APP), asked]).toEqual([true, [APP]]);
    pass(1);
    expect([remembers(APP), await has(APP), asked]).toEqual([false, true, [APP, APP]]);
  });

  test("is not remembered if it is on none, and is forgotten once a look-up says so", async () => {
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

  test("costs a look-up a hundred times in ten seconds, and what is remembered none", async () => {
    const { has, asked, pass } = known();
    await has(APP);
    for (let count = 0; count < 200; count += 1) await has(`https://${count}.example`);
    expect([await has(APP), asked.length]).toEqual([true, 100]);
    pass(10_000);
    expect([await has("https://x.example"), asked.length]).toEqual([false, 101]);
  });

  test("is on no list when D1 cannot tell", async () => {
    const { has, remembers } = known(() => Promise.reject(new Error("down")));
    expect([await has(APP), remembers(APP)]).toEqual([false, false]);
  });

  test("leaves room for a thousand, and pushes out the oldest", async () => {
    const { record, remembers } = known();
    for (let count = 0; count <= 1000; count += 1) record(`https://${count}.example`, true);
    expect(["https://0.example", "https://1.example"].map(remembers)).toEqual([false, true]);
  });
});
