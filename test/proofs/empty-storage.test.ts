import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { emptyStorage } from "../support/empty-storage.ts";
import { createService, registerDefaults } from "../support/service.ts";

/** Longer than the ten seconds after which workerd unloads an object without calls. */
const IDLE_MS = 10_500;

test("storage that was idle before a test file is emptied too", async () => {
  await registerDefaults(createService());
  await env.ACCESS_TOKENS.put("key", "value");
  await scheduler.wait(IDLE_MS);

  await emptyStorage();

  const { TEST_MIGRATIONS } = env as Env & { TEST_MIGRATIONS: D1Migration[] };
  await applyD1Migrations(env.DB, TEST_MIGRATIONS);
  expect(await env.DB.prepare("SELECT count(*) AS users FROM users").first("users")).toBe(0);
  expect((await env.ACCESS_TOKENS.list()).keys).toEqual([]);
});
