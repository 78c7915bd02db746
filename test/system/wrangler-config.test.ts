import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { beforeAll, expect, test } from "vitest";
import { WRANGLER_CONFIG } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { migratedDatabase, register } from "../support/service-database.ts";
import { buildWorker, workerdOptions } from "../support/workerd-options.ts";

// The Worker starts with the previous version's wrangler.toml; see docs/operations.md.

/** That of the previous version, with every setting under `[vars]`. */
const PREVIOUS = join(import.meta.dirname, "../fixtures/467dfb9/wrangler.toml");

const dir = ownDir();
const workerDir = join(dir, "worker");
const bindingsOnly = join(dir, "bindings-only.toml");
beforeAll(() => {
  buildWorker(workerDir);
  const vars = /^\[(?:env\.staging\.)?vars\]\n(?:\w+ = .*\n)+/gm;
  writeFileSync(bindingsOnly, readFileSync(WRANGLER_CONFIG, "utf8").replaceAll(vars, ""));
});

test.each([
  ["the previous wrangler.toml", PREVIOUS, true],
  ["one that has only bindings", bindingsOnly, false],
])("a Worker with %s starts, with the defaults", async (_, config, hasSettings) => {
  const text = readFileSync(config, "utf8");
  expect([/^SCOPES =/m.test(text), /_SECONDS =/.test(text)]).toEqual([hasSettings, hasSettings]);
  const secrets = { TOKEN_KEYS: "5e".repeat(32) };
  const stateDir = join(dir, hasSettings ? "previous" : "bindings");
  const miniflare = new Miniflare(
    workerdOptions(workerDir, stateDir, secrets, { configPath: config }),
  );
  try {
    await register(await migratedDatabase(miniflare), secrets, {
      clients: [{ client_id: "shop", client_secret: "secret" }],
      users: [{ username: "ada", password: "correct horse" }],
    });
    const response = await miniflare.dispatchFetch("https://login.example.com/o/token/", {
      method: "POST",
      headers: {
        Authorization: `Basic ${btoa("shop:secret")}`,
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: "grant_type=password&username=ada&password=correct+horse",
    });
    expect(await response.json()).toMatchObject({
      expires_in: 3600,
      scope: "read write groups",
      refresh_token: expect.any(String),
    });
  } finally {
    await miniflare.dispose();
  }
});
