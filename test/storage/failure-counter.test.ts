import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { FailureCounter, NumberedAdmission } from "../../src/rate-limit/failure-counter.ts";
import { type FailurePolicy, ORIGIN_KEPT_MS } from "../../src/rate-limit/failures.ts";
import { passSeconds, stopClock } from "../support/clock.ts";

const policy: FailurePolicy = {
  free: 3,
  forgottenMs: 3_600_000,
  delayMsMin: 1000,
  delayMsMax: 60_000,
};
const UNKNOWN_ORIGIN = { places: [], strangersFromMs: 0 };

stopClock();

let counters = 0;
let counter: DurableObjectStub<FailureCounter>;
beforeEach(() => {
  counters += 1;
  counter = env.FAILURE_COUNTERS.getByName(`counter ${counters}`);
});

const admit = () => counter.admit(UNKNOWN_ORIGIN, Date.now(), policy);

/** Records the outcome of an admitted attempt. */
async function settle(
  admission: NumberedAdmission,
  result: "failed" | "succeeded" | "dropped",
  places: readonly string[] = [],
): Promise<number> {
  if (admission.kind !== "admitted") throw new Error("it was not admitted");
  const { ticket, counter: which } = admission;
  const settlement = { ticket, counter: which, result, places, forgiven: 0 };
  return counter.settle(settlement, Date.now(), policy);
}

const rows = () => runInDurableObject(counter, (_, { storage }) => [...storage.kv.list()]);
const alarmAtMs = () => runInDurableObject(counter, (_, { storage }) => storage.getAlarm());

describe("a counter of failures", () => {
  test("stores nothing for a check, nor for a success at a known origin", async () => {
    await settle(await admit(), "dropped");
    expect(await rows()).toEqual([]);
    await settle(await admit(), "succeeded", ["home"]);
    const before = await rows();
    expect(before).toHaveLength(1);
    await settle(await admit(), "succeeded", ["home"]);
    expect(await rows()).toEqual(before);
  });

  test("keeps failures when the platform moves it, and drops pending attempts", async () => {
    for (let count = 0; count < policy.free - 1; count += 1) await settle(await admit(), "failed");
    expect(await admit()).toMatchObject({ kind: "admitted" });
    expect(await admit()).toMatchObject({ kind: "throttled" });
    await evictDurableObject(counter);
    counter = env.FAILURE_COUNTERS.getByName(`counter ${counters}`);
    const last = await admit();
    expect(await settle(last, "failed")).toBe(Date.now() + policy.delayMsMin);
    expect(await admit()).toMatchObject({ kind: "throttled" });
  });

  test("counts an attempt without an outcome as failed", async () => {
    for (let count = 0; count < policy.free; count += 1) await admit();
    expect(await admit()).toMatchObject({ kind: "throttled" });
    passSeconds(29);
    expect(await admit()).toMatchObject({ kind: "throttled" });
    expect(await rows()).toEqual([]);
    passSeconds(2);
    expect(await admit()).toMatchObject({ kind: "admitted" });
    const [, row] = (await rows())[0] ?? [];
    expect(row).toMatchObject({ state: { strangers: { count: expect.closeTo(policy.free, 1) } } });
  });

  test("counts a failure that was not admitted, and offsets it by others' successes", async () => {
    const unasked = { ticket: null, counter: null, places: [], result: "failed" } as const;
    const fail = (forgiven: number) => {
      return counter.settle({ ...unasked, forgiven }, Date.now(), policy);
    };
    for (const forgiven of [0, 0, 2, 0]) expect(await fail(forgiven)).toBe(Date.now());
    expect(await fail(0)).toBe(Date.now() + policy.delayMsMin);
    expect(await fail(policy.free)).toBe(Date.now() + 2 * policy.delayMsMin);
    expect(await admit()).toMatchObject({ kind: "throttled" });
  });

  test("is removed when its failures expire", async () => {
    await settle(await admit(), "failed");
    const atMs = await alarmAtMs();
    expect(atMs).toBe(Date.now() + policy.forgottenMs / policy.free);
    passSeconds(60);
    // If one fails again in the meantime, the alarm runs once more.
    await settle(await admit(), "failed");
    passSeconds(policy.forgottenMs / policy.free / 1000 - 60);
    await runDurableObjectAlarm(counter);
    expect(await rows()).toHaveLength(1);
    passSeconds(policy.forgottenMs / 1000);
    await runDurableObjectAlarm(counter);
    expect(await rows()).toEqual([]);
    expect(await alarmAtMs()).toBeNull();
  });

  test("is removed when its known origins expire", async () => {
    await settle(await admit(), "succeeded", ["home"]);
    expect(await alarmAtMs()).toBe(Date.now() + ORIGIN_KEPT_MS);
    passSeconds(ORIGIN_KEPT_MS / 1000);
    await runDurableObjectAlarm(counter);
    expect(await rows()).toEqual([]);
  });
});
