import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { stopClock } from "../support/clock.ts";

stopClock();

test("an alarm removes the expired values of a busy owner, page by page", async () => {
  const object = env.USED_ASSERTIONS.getByName("busy");
  const nowMs = Date.now();
  const keysOf = () =>
    runInDurableObject(object, (_, { storage }) => [...storage.kv.list()].map(([key]) => key));
  await object.consume("a value that is left", nowMs + 60_000, nowMs);
  await runInDurableObject(object, (_, { storage }) => {
    for (let at = 0; at < 2500; at += 1) storage.kv.put(`expired ${at}`, nowMs);
  });
  expect(await keysOf()).toHaveLength(2501);
  expect(await runDurableObjectAlarm(object)).toBe(true);
  expect(await keysOf()).toEqual(["a value that is left"]);
  // What is left is still known, and what expired may be used again.
  expect(await object.consume("a value that is left", nowMs + 60_000, nowMs)).toBe(false);
  expect(await object.consume("expired 2400", nowMs + 60_000, nowMs)).toBe(true);
});
