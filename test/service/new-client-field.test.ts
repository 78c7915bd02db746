// First, so that the table is complete before anything reads it.
import "../support/new-client-field.ts";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { clientEntryOf, clientFieldsOf } from "../../src/admin/registry-rows.ts";
import { clientFieldRows } from "../../src/clients/metadata.ts";
import { exportRegistry } from "../../src/declarative/export.ts";
import { createImportStore } from "../../src/storage/import-store.ts";
import { createLookups } from "../../src/storage/lookups.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { MANAGED, manage, registerSite } from "../support/managing.ts";
import { NEW_FIELD_MIGRATION } from "../support/new-client-field.ts";

const registry = createRegistry(env.DB);
const logo_uris = ["https://example.com/1.png", "https://example.com/2.png"];
const client = { client_id: "shop", client_secret: "secret", logo_uris };

beforeAll(async () => {
  await env.DB.prepare(NEW_FIELD_MIGRATION).run();
  await registerSite();
});

async function exported(): Promise<Record<string, unknown>[]> {
  const pieces: string[] = [];
  for await (const piece of exportRegistry(registry)) pieces.push(piece);
  return JSON.parse(pieces.join("")).clients;
}

test("a file sets a field that was added to the table, and an export has it", async () => {
  await MANAGED.register({ clients: [client] });
  expect(await exported()).toContainEqual(
    expect.objectContaining({ client_id: "shop", logo_uris }),
  );
  await expect(MANAGED.register({ clients: [{ ...client, logo_uris: ["x"] }] })).rejects.toThrow(
    "clients[0].logo_uris[0]: is not a URL",
  );
  // Without a value it has its default.
  await MANAGED.register({ clients: [{ client_id: "shop" }] });
  expect(await exported()).toContainEqual(expect.objectContaining({ logo_uris: [] }));
});

test("a request reads it as a property of the client", async () => {
  await MANAGED.register({ clients: [client] });
  expect(
    await createLookups({ db: env.DB, usernames: "exact", denied: new Set() }).client("shop"),
  ).toMatchObject({
    logoUris: logo_uris,
  });
});

test("an import from Django writes it", async () => {
  await MANAGED.register({ clients: [client] });
  const row = (await registry.findClients(["shop"])).get("shop");
  if (row === undefined) throw new Error("there is no client");
  await createImportStore(env.DB, false).addClients([{ ...row, client_id: "imported" }]);
  expect(await exported()).toContainEqual(
    expect.objectContaining({ client_id: "imported", logo_uris }),
  );
});

test("the management API creates, shows and changes it", async () => {
  const created = await manage("POST", "/admin/clients", { client_id: "new", logo_uris });
  expect(created).toMatchObject({ status: 201, body: { logo_uris } });
  const change = (value: unknown) => manage("PATCH", "/admin/clients/new", { logo_uris: value });
  expect(await change("x")).toMatchObject({
    status: 422,
    body: { problems: [{ place: "logo_uris" }] },
  });
  expect(await change(logo_uris.slice(1))).toMatchObject({
    body: { logo_uris: logo_uris.slice(1) },
  });
  expect(await change(null)).toMatchObject({ body: { logo_uris: [] } });
  expect(await manage("GET", "/admin/clients/new")).toMatchObject({ body: { logo_uris: [] } });
});

test("every field has its column, and reads back as it was written", async () => {
  const [row] = await registry.listClients({ after: "", limit: 1 });
  if (row === undefined) throw new Error("there is no client");
  const columns = clientFieldRows().map(([name]) => name);
  expect(Object.keys(row)).toEqual(expect.arrayContaining(columns));
  expect(clientFieldsOf(clientEntryOf(row))).toEqual(
    Object.fromEntries(
      columns.map((name) => [name, Object.entries(row).find(([n]) => n === name)?.[1]]),
    ),
  );
});
