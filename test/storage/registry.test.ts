import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Unavailable } from "../../src/errors/refusal.ts";
import { listAuditEvents } from "../../src/storage/audit-events.ts";
import { endAllSessions } from "../../src/storage/maintenance.ts";
import {
  createRegistry,
  RegistryConflict,
  type RegistryWrite,
} from "../../src/storage/registry.ts";
import { CLIENT_COLUMNS } from "../support/client-columns.ts";
import { dumpRegistry } from "../support/management.ts";

const registry = createRegistry(env.DB);
const USER = { password_record: "!", claims: "{}", profile: "{}", is_active: 1 };

const client = (clientId: string): RegistryWrite => {
  return { kind: "insert_client", clientId, fields: CLIENT_COLUMNS };
};
const user = (id: string, username: string): RegistryWrite => {
  return { kind: "insert_user", id, username, fields: USER };
};
const rename = (clientId: string, from: string, to: string): RegistryWrite => ({
  kind: "update_client",
  clientId,
  fields: { client_name: to },
  expected: { client_name: from },
  endsSessions: false,
});

beforeEach(async () => {
  await env.DB.batch([env.DB.prepare("DELETE FROM clients"), env.DB.prepare("DELETE FROM users")]);
  await registry.write([client("shop"), user("1", "ada"), user("zoe", "zo\u00eb")]);
});

describe("a write conflicts, and rolls its batch back, when", () => {
  const CONFLICTS: [string, RegistryWrite][] = [
    ["the client exists", client("shop")],
    ["the user exists", user("2", "ada")],
    ["a user has the id already", user("1", "grace")],
    ["a user has the id of a new client", client("1")],
    ["a client has the id of a new user", user("shop", "grace")],
    ["a new client has the id of a new user", user("before", "grace")],
    ["another user has the name, composed differently", user("2", "zo\u0065\u0308")],
    ["the client to change does not exist", rename("none", "", "New")],
    ["the client to change is not as expected", rename("shop", "Old", "New")],
    ["the client to delete does not exist", { kind: "delete_client", clientId: "none" }],
    ["the user to delete does not exist", { kind: "delete_user", username: "none" }],
    [
      "the user to change does not exist",
      { kind: "update_user", username: "none", fields: {}, endsSessions: true },
    ],
    [
      "the user to change is not as expected",
      {
        kind: "update_user",
        username: "ada",
        fields: { is_active: 0 },
        expected: { is_active: 0 },
        endsSessions: true,
      },
    ],
  ];

  test.each(CONFLICTS)("%s", async (_, conflicting) => {
    const before = await dumpRegistry();
    const others = [client("before"), rename("shop", "", "Renamed")];
    const after = [user("9", "after")];
    const written = registry.write([...others.slice(0, 1), conflicting, ...after]);
    await expect(written).rejects.toBeInstanceOf(RegistryConflict);
    expect(await dumpRegistry()).toEqual(before);
  });
});

test("an update of a row that is as expected is written, NULL included", async () => {
  const expected = { client_name: "", scope: null };
  const fields = { client_name: "Shop", scope: "read" };
  await registry.write([
    { kind: "update_client", clientId: "shop", fields, expected, endsSessions: false },
  ]);
  const found = await registry.findClients(["shop"]);
  expect(found.get("shop")).toMatchObject(fields);
});

test("rows that are added together are the same as rows added alone", async () => {
  const long = JSON.stringify({ text: '\u00e4\u20ac"\\ '.repeat(400) });
  const clients = Array.from({ length: 600 }, (_, index) => ({
    ...client(`client ${index}`),
    fields: { ...CLIENT_COLUMNS, claims: long, refresh_idle_ttl_seconds: index, scope: null },
  }));
  const users = Array.from({ length: 600 }, (_, index) =>
    user(`id ${index}`, `User ${index} \u00c4`),
  );
  await registry.write([...clients, ...users] as RegistryWrite[]);
  const found = await registry.findClients(clients.map((_, index) => `client ${index}`));
  expect(found.size).toBe(600);
  expect(found.get("client 599")).toMatchObject({
    ...CLIENT_COLUMNS,
    claims: long,
    refresh_idle_ttl_seconds: 599,
  });
  const named = await registry.findUsers(users.map((_, index) => `User ${index} \u00c4`));
  expect(named.size).toBe(600);
  expect(named.get("User 7 \u00c4")).toMatchObject({
    ...USER,
    id: "id 7",
    username_key: "user 7 \u00e4",
  });
});

test("a failure that is no conflict is a storage failure", async () => {
  const broken = { ...CLIENT_COLUMNS, claims: "no JSON" };
  const written = registry.write([{ kind: "insert_client", clientId: "x", fields: broken }]);
  await expect(written).rejects.toBeInstanceOf(Unavailable);
});

test("pages follow each other in the order of names, as bytes", async () => {
  const names = ["a", "B", "é", "z", "~"];
  await registry.write(names.map((name, index) => user(`u${index}`, name)));
  const read: string[] = [];
  for (;;) {
    const page = await registry.listUsers({ after: read.at(-1) ?? "", limit: 2 });
    if (page.length === 0) break;
    expect(page.length).toBeLessThanOrEqual(2);
    read.push(...page.map(({ username }) => username));
  }
  expect(read).toEqual(["B", "a", "ada", "z", "zoë", "~", "é"]);
});

describe("a write is recorded in the same transaction", () => {
  const eventsSince = async (id: number) => {
    const events = await listAuditEvents(env.DB, { beforeId: Number.MAX_SAFE_INTEGER, limit: 50 });
    return events.filter((event) => event.id > id).reverse();
  };
  const lastId = async () => (await eventsSince(0)).at(-1)?.id ?? 0;

  test("with its kind, its subject and the names of its columns, never their values", async () => {
    const before = await lastId();
    const password_record = "a hash that must not be recorded";
    await registry.write([
      rename("shop", "", "New"),
      { kind: "update_user", username: "ada", fields: { password_record }, endsSessions: true },
      { kind: "delete_client", clientId: "shop" },
    ]);
    const events = await eventsSince(before);
    expect(events).toMatchObject([
      { action: "update_client", subject: "shop", fields: "client_name", ended_sessions: 0 },
      { action: "update_user", subject: "ada", fields: "password_record", ended_sessions: 1 },
      { action: "delete_client", subject: "shop", fields: "", ended_sessions: 1 },
    ]);
    expect(JSON.stringify(events)).not.toContain(password_record);
    expect(JSON.stringify(events)).not.toContain("New");
  });

  test("but not when the write is rolled back", async () => {
    const before = await lastId();
    const written = registry.write([rename("shop", "", "New"), rename("none", "", "New")]);
    await expect(written).rejects.toBeInstanceOf(RegistryConflict);
    expect(await eventsSince(before)).toEqual([]);
  });

  test("also when every session is ended at once", async () => {
    const before = await lastId();
    await endAllSessions(env.DB);
    expect(await eventsSince(before)).toMatchObject([
      { action: "end_all_sessions", subject: "", fields: "", ended_sessions: 1 },
    ]);
  });
});
