import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";
import { migratedDatabase } from "../support/service-database.ts";
import { buildWorker, workerdOptions } from "../support/workerd-options.ts";

const page = readFileSync(join(PROJECT_DIR, "docs/management.md"), "utf8");
const [, worker = ""] = /```ts\n(.*?)```/s.exec(page) ?? [];
const dir = ownDir();
let miniflare: Miniflare | undefined;
let db: D1Database;

/** The Worker of docs/management.md, built as wrangler builds it, next to the service. */
async function start(managementApi: "on" | "off"): Promise<void> {
  const caller = {
    ...{ name: "site", modules: true, scriptPath: join(dir, "out/index.js") },
    modulesRoot: join(dir, "out"),
    compatibilityDate: "2026-11-01",
    serviceBindings: {
      USERS: { name: "tollgate", entrypoint: "Management", props: { actor: "site" } },
    },
  };
  const vars = { TOKEN_KEYS: "5e".repeat(32), MANAGEMENT_API: managementApi };
  const state = join(dir, managementApi);
  miniflare = new Miniflare(workerdOptions(join(dir, "worker"), state, vars, { others: [caller] }));
  db = await migratedDatabase(miniflare);
}

async function signUp(email: string, password: string): Promise<[number, unknown]> {
  const site = await miniflare?.getWorker("site");
  const body = new URLSearchParams({ email, password }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await site?.fetch("https://site.example.com/", {
    method: "POST",
    headers,
    body,
  });
  const text = (await response?.text()) ?? "";
  return [
    response?.status ?? 0,
    text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text,
  ];
}

beforeAll(async () => {
  buildWorker(join(dir, "worker"));
  writeFileSync(join(dir, "index.ts"), worker);
  writeFileSync(
    join(dir, "wrangler.toml"),
    'name = "site"\nmain = "index.ts"\ncompatibility_date = "2026-11-01"\n',
  );
  const wrangler = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
  const words = [wrangler, "deploy", "--dry-run", "--outdir", "out"];
  const built = await run(process.execPath, words, { cwd: dir });
  expect(built.code, built.stderr).toBe(0);
});
afterAll(() => miniflare?.dispose());

describe("a Worker that is bound to Management", () => {
  test("creates a user, and gets the problems of an invalid one", async () => {
    await start("on");
    const [status, made] = await signUp("ada@example.com", "a long one, please");
    expect([status, made]).toEqual([201, { id: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    expect(await signUp("ada@example.com", "a long one, please")).toEqual([
      200,
      "Look into your mailbox.",
    ]);
    expect(await signUp("bob@example.com", "short")).toEqual([
      400,
      [{ place: "password", message: "is shorter than 8 characters" }],
    ]);
    const { results } = await db.prepare("SELECT username FROM users").all();
    expect(results).toEqual([{ username: "ada@example.com" }]);
    await miniflare?.dispose();
  });

  test("cannot do anything while the API is off", async () => {
    await start("off");
    expect(await signUp("ada@example.com", "a long one, please")).toEqual([
      503,
      "Please try again.",
    ]);
    const { results } = await db.prepare("SELECT username FROM users").all();
    expect(results).toEqual([]);
  });
});
