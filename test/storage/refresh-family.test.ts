import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { RefreshFamily } from "../../src/storage/refresh-family.ts";
import { begin, type FamilyState, type LazyFamily } from "../../src/tokens/family.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { REJECT } from "../support/family-uses.ts";

const { idleMs } = REJECT;
const DAY_MS = 86_400_000;
const UNKNOWN = { kind: "refused", refusal: "unknown" };
const ROTATED = { kind: "rotated" };

stopClock();

let family: DurableObjectStub<RefreshFamily>;
let state: FamilyState;
beforeEach(() => {
  family = env.REFRESH_FAMILIES.get(env.REFRESH_FAMILIES.newUniqueId());
  const names = { clientId: "client", subject: "user", keyId: "key" };
  state = begin({ ...names, scope: "read", audience: null }, Date.now(), REJECT);
});

/** Consumes a generation some time after the login. */
function rotate(generation: number, afterMs: number, policy = REJECT, importedFamily?: LazyFamily) {
  const wish = { keyId: "key", scope: "read", audience: null, attemptId: `${generation}` };
  const nowMs = state.createdAtMs + afterMs;
  return family.rotate({ generation, ...wish }, nowMs, policy, importedFamily);
}

const keys = () => runInDurableObject(family, (_, { storage }) => [...storage.kv.list()].length);
const alarmAtMs = () => runInDurableObject(family, (_, { storage }) => storage.getAlarm());
const dropAlarm = () => runInDurableObject(family, (_, { storage }) => storage.deleteAlarm());

describe("a family", () => {
  test("begins once: a late repeat of its login changes nothing", async () => {
    await family.start(state, REJECT);
    expect(await rotate(0, 1000)).toMatchObject(ROTATED);
    const before = await family.inspect();
    await family.start(state, REJECT);
    expect(await family.inspect()).toEqual(before);
    expect(await rotate(1, 2000)).toMatchObject(ROTATED);
  });

  test("that has ended stays ended when its login is repeated", async () => {
    await family.start(state, REJECT);
    await family.revoke("client", "client_request", Date.now());
    await family.start(state, REJECT);
    expect((await family.inspect())?.revoked).toMatchObject({ reason: "client_request" });
  });

  test("is revoked only by its own client", async () => {
    await family.start(state, REJECT);
    expect(await family.revoke("another", "client_request", Date.now())).toBeNull();
    expect(await rotate(0, 1000)).toMatchObject(ROTATED);
  });

  test("that has expired is unknown, even under longer lifetimes, and is removed", async () => {
    await family.start(state, REJECT);
    expect(await rotate(0, idleMs, { ...REJECT, idleMs: 2 * idleMs })).toMatchObject(UNKNOWN);
    expect(await keys()).toBe(0);
    expect(await alarmAtMs()).toBeNull();
  });
});

describe("the alarm of a family", () => {
  test("is set by its login, and not changed by a rotation", async () => {
    await family.start(state, REJECT);
    const endMs = state.createdAtMs + idleMs;
    expect(await alarmAtMs()).toBe(endMs);
    await rotate(0, DAY_MS);
    expect(await alarmAtMs()).toBe(endMs);
  });

  test("that the platform stopped retrying is set again by a rotation or a revocation", async () => {
    await family.start(state, REJECT);
    await dropAlarm();
    await rotate(0, DAY_MS);
    expect(await alarmAtMs()).toBe(state.createdAtMs + DAY_MS + idleMs);
    await dropAlarm();
    await family.revoke("client", "client_request", Date.now());
    expect(await alarmAtMs()).toBe(state.createdAtMs + DAY_MS + idleMs);
  });

  test("is set again while the family is needed, and then removes it", async () => {
    await family.start(state, REJECT);
    await rotate(0, DAY_MS);
    expect(await runDurableObjectAlarm(family)).toBe(true);
    expect(await keys()).toBe(1);
    expect(await alarmAtMs()).toBe(state.createdAtMs + DAY_MS + idleMs);
    passSeconds((DAY_MS + idleMs) / 1000);
    await runDurableObjectAlarm(family);
    expect(await keys()).toBe(0);
    expect(await alarmAtMs()).toBeNull();
  });
});

describe("a family of an imported token", () => {
  // Another server's token may be valid for longer than any family here.
  const importedFamily = (): LazyFamily => ({
    state,
    keptUntilMs: state.createdAtMs + 10 * idleMs,
  });

  test("is kept until the token expires, used or not", async () => {
    const { keptUntilMs } = importedFamily();
    expect(await rotate(0, 1000, REJECT, importedFamily())).toMatchObject(ROTATED);
    expect(await alarmAtMs()).toBe(keptUntilMs);
    expect(await rotate(1, 2000, REJECT)).toMatchObject(ROTATED);
    for (const afterMs of [2 * idleMs, 9 * idleMs]) {
      expect(await rotate(0, afterMs, REJECT, importedFamily())).toMatchObject(UNKNOWN);
    }
    expect(await keys()).toBe(1);
    expect(await rotate(0, 10 * idleMs, REJECT)).toMatchObject(UNKNOWN);
    expect(await keys()).toBe(0);
  });

  test("can end before its first use, and is kept as long", async () => {
    const ended = await family.revoke("client", "client_request", Date.now(), importedFamily());
    expect(ended?.revoked).toMatchObject({ reason: "client_request" });
    expect(await alarmAtMs()).toBe(importedFamily().keptUntilMs);
    const again = await rotate(0, 1000, REJECT, importedFamily());
    expect(again).toMatchObject({ kind: "refused", refusal: "revoked" });
  });

  test("cannot be revoked by another client", async () => {
    expect(
      await family.revoke("another", "client_request", Date.now(), importedFamily()),
    ).toBeNull();
    expect(await keys()).toBe(0);
  });
});
