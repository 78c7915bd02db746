import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { updateClient } from "../../src/admin/clients.ts";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { apply } from "../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import { derivationsOf } from "../support/derivations.ts";
import { beforeFirstWrite, dumpRegistry, managementTools } from "../support/management.ts";

let tools: AdminDeps;

const shop = { client_id: "shop", client_secret: "secret" };
const ada = { username: "ada", password: "a lovely one" };
const file = (entries: object) => parseRegistryFile(JSON.stringify(entries));

beforeAll(async () => {
  tools = await managementTools();
});
beforeEach(async () => {
  await apply(file({ clients: [shop], users: [ada] }), tools, { prune: true });
});

test("apply writes nothing after a concurrent change of a client", async () => {
  const rival = () => updateClient("shop", { client_name: "Rival" }, tools);
  const wanted = file({ clients: [{ ...shop, scope: "read" }], users: [{ username: "new" }] });
  const applied = apply(wanted, beforeFirstWrite(tools, rival));
  await expect(applied).rejects.toMatchObject({ reason: "changed" });
  expect(JSON.stringify(await dumpRegistry())).not.toMatch(/"read"|"new"/);
});

test("apply writes nothing after a concurrent creation of a client", async () => {
  const rival = () => apply(file({ clients: [{ ...shop, client_id: "new" }] }), tools);
  const wanted = file({ clients: [{ ...shop, client_id: "new", scope: "read" }] });
  const applied = apply(wanted, beforeFirstWrite(tools, rival));
  await expect(applied).rejects.toMatchObject({ reason: "changed" });
  expect(JSON.stringify(await dumpRegistry())).not.toContain('"read"');
});

test("apply is not in the way of a login that replaces a record meanwhile", async () => {
  const record = "!replaced by a login";
  const rehash = () => {
    return env.DB.prepare("UPDATE users SET password_record = ?").bind(record).run();
  };
  const inactive = file({ users: [{ ...ada, is_active: false }] });
  await apply(inactive, beforeFirstWrite(tools, rehash));
  const row = (await tools.registry.findUsers(["ada"])).get("ada");
  expect(row).toMatchObject({ password_record: record, is_active: 0 });
});

test("a dry run hashes nothing that it would only have to write", async () => {
  const wanted = file({
    clients: [{ ...shop, client_id: "new" }],
    users: [{ ...ada, username: "new" }],
  });
  const hashed = await derivationsOf(() => apply(wanted, tools, { dryRun: true }));
  // Whether a new client's secret matches none is checked as for any other.
  expect(hashed).toEqual([100_000]);
  expect((await tools.registry.findUsers(["new"])).size).toBe(0);
});

test("progress is told when an entry is checked and when it is ready", async () => {
  const told: [number, number][] = [];
  const wanted = file({ clients: [shop], users: [ada] });
  await apply(wanted, tools, { onProgress: (done, total) => told.push([done, total]) });
  expect(told).toEqual([
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
  ]);
});
