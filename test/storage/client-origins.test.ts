import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { ClientColumns } from "../../src/clients/client.ts";
import { originUpdates } from "../../src/storage/client-origins.ts";
import { createImportStore } from "../../src/storage/import-store.ts";
import {
  createRegistry,
  RegistryConflict,
  type RegistryWrite,
} from "../../src/storage/registry.ts";
import { CLIENT_COLUMNS } from "../support/client-columns.ts";

const PAGE = "https://page.example.com";
const SECOND = "capacitor://localhost";

const registry = createRegistry(env.DB);

function inserting(clientId: string, allowed_origins: string, disabled = 0): RegistryWrite {
  const fields = { ...CLIENT_COLUMNS, allowed_origins, disabled };
  return { kind: "insert_client", clientId, fields };
}

function updating(clientId: string, fields: Partial<ClientColumns>): RegistryWrite {
  return { kind: "update_client", clientId, fields, endsSessions: false };
}

async function origins(): Promise<string[]> {
  const query = "SELECT client_id, origin FROM client_origins ORDER BY 1, 2";
  const { results } = await env.DB.prepare(query).all<{ client_id: string; origin: string }>();
  return results.map(({ client_id, origin }) => `${client_id} ${origin}`);
}

beforeEach(async () => {
  const tables = ["clients", "client_origins"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

describe("the registry stores the origins of clients", () => {
  test("that are added, unless they are disabled", async () => {
    await registry.write([
      inserting("one", `${PAGE} ${SECOND}`),
      inserting("two", PAGE),
      inserting("off", PAGE, 1),
      inserting("none", ""),
    ]);
    expect(await origins()).toEqual([`one ${SECOND}`, `one ${PAGE}`, `two ${PAGE}`]);
  });

  test("that change, and of no other client", async () => {
    await registry.write([inserting("one", `${PAGE} ${SECOND}`), inserting("two", PAGE)]);
    await registry.write([updating("one", { allowed_origins: SECOND })]);
    expect(await origins()).toEqual([`one ${SECOND}`, `two ${PAGE}`]);
    await registry.write([updating("one", { allowed_origins: "" })]);
    expect(await origins()).toEqual([`two ${PAGE}`]);
  });

  test("that are disabled and enabled", async () => {
    await registry.write([inserting("one", PAGE)]);
    await registry.write([updating("one", { disabled: 1 })]);
    expect(await origins()).toEqual([]);
    await registry.write([updating("one", { disabled: 0 })]);
    expect(await origins()).toEqual([`one ${PAGE}`]);
  });

  test("that are deleted, and added again under the same id", async () => {
    await registry.write([inserting("one", PAGE), inserting("two", PAGE)]);
    await registry.write([{ kind: "delete_client", clientId: "one" }]);
    expect(await origins()).toEqual([`two ${PAGE}`]);
    await registry.write([inserting("one", SECOND)]);
    expect(await origins()).toEqual([`one ${SECOND}`, `two ${PAGE}`]);
  });

  test("unchanged, when the write conflicts", async () => {
    await registry.write([inserting("one", PAGE)]);
    const writes = [updating("one", { allowed_origins: SECOND }), updating("none", {})];
    await expect(registry.write(writes)).rejects.toBeInstanceOf(RegistryConflict);
    expect(await origins()).toEqual([`one ${PAGE}`]);
  });
});

describe("an import", () => {
  const clients = [
    { ...CLIENT_COLUMNS, client_id: "new", allowed_origins: `${PAGE} ${SECOND}` },
    { ...CLIENT_COLUMNS, client_id: "off", allowed_origins: PAGE, disabled: 1 },
    { ...CLIENT_COLUMNS, client_id: "here", allowed_origins: SECOND },
  ];

  beforeEach(() => registry.write([inserting("here", PAGE)]));

  test("adds the origins of the clients that it adds, and counts clients alone", async () => {
    expect(await createImportStore(env.DB, false).addClients(clients)).toBe(2);
    expect(await origins()).toEqual([`here ${PAGE}`, `new ${SECOND}`, `new ${PAGE}`]);
  });

  test("adds none in a dry run", async () => {
    expect(await createImportStore(env.DB, true).addClients(clients)).toBe(2);
    expect(await origins()).toEqual([`here ${PAGE}`]);
  });
});

test("an update scans no table", async () => {
  // JSON_EACH is a table too; it has no more rows than clients or origins are written.
  const tables = /^SCAN (?!json_each|origins)/;
  const steps: string[] = [];
  await registry.write([inserting("one", PAGE)]);
  const db = new Proxy(env.DB, {
    get: (target, name) => {
      if (name !== "prepare") return Reflect.get(target, name);
      return (query: string) => target.prepare(`EXPLAIN QUERY PLAN ${query}`);
    },
  });
  for (const statement of originUpdates(db, ["one"])) {
    const { results } = await statement.all<{ detail: string }>();
    steps.push(...results.map(({ detail }) => detail));
  }
  expect(steps.filter((step) => tables.test(step))).toEqual([]);
  expect(steps.filter((step) => step.startsWith("SEARCH client_origins"))).toHaveLength(1);
  expect(steps.filter((step) => step.startsWith("SEARCH clients"))).toHaveLength(1);
});
