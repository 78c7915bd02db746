import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { passSeconds, stopClock } from "../support/clock.ts";
import { acrossLocations } from "../support/storage-model/kv.ts";
import { restarting } from "../support/storage-model/restarts.ts";
import { wrapBindings } from "../support/storage-model/wrap.ts";

// The model has the limits of production that workerd alone has not.

stopClock();

const TTL = { expirationTtl: 3600 };

test.each([
  ["a miss", null],
  ["a value", "old"],
])("KV elsewhere repeats %s for a minute", async (name, before) => {
  const kv = acrossLocations(env.ACCESS_TOKENS);
  if (before !== null) await env.ACCESS_TOKENS.put(name, before);
  expect(await kv.get(name)).toBe(before);
  await kv.put(name, '"new"', TTL);
  passSeconds(59);
  expect(await kv.get(name)).toBe(before);
  passSeconds(1);
  expect(await kv.get(name, "json")).toBe("new");
});

test("KV takes one write of a key in a second", async () => {
  const kv = acrossLocations(env.ACCESS_TOKENS);
  await kv.put("key", "first", TTL);
  await expect(kv.delete("key")).rejects.toThrow("429");
  await kv.put("another key", "first", TTL);
  passSeconds(1);
  await kv.delete("key");
  expect(await env.ACCESS_TOKENS.get("key")).toBeNull();
});

test("KV takes no TTL below a minute", async () => {
  const kv = acrossLocations(env.ACCESS_TOKENS);
  await expect(kv.put("short", "", { expirationTtl: 59 })).rejects.toThrow("60");
});

test("a restart fails a call to a family with a retryable error", async () => {
  const { REFRESH_FAMILIES } = wrapBindings(env, restarting());
  const id = REFRESH_FAMILIES.newUniqueId();
  const results = await Promise.allSettled(
    Array.from({ length: 14 }, () => REFRESH_FAMILIES.get(id).inspect()),
  );
  const failed = results.filter(({ status }) => status === "rejected");
  expect(failed).toMatchObject(Array(2).fill({ reason: { retryable: true } }));
});
