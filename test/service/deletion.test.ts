import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createImportStore } from "../../src/storage/import-store.ts";
import { findSharedIds } from "../../src/storage/maintenance.ts";
import {
  createRegistry,
  RegistryConflict,
  type RegistryWrite,
} from "../../src/storage/registry.ts";
import { createUserStore } from "../../src/storage/users.ts";
import { API, introspect, registerCheckers } from "../support/checks.ts";
import { accessToken, application, refreshToken, user } from "../support/django-dump.ts";
import { importRows, reasonsOf } from "../support/importing.ts";
import { manage, registerSite } from "../support/managing.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { createService, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const registry = createRegistry(env.DB);
const importStore = createImportStore(env.DB, false);
const CREDENTIALS = "shop:secret";
const LOGIN = { username: "grace", password: "rear admiral" };
const ACTIVE = { body: { active: true } };
const INACTIVE = { body: { active: false } };

const FORMATS = [
  ["opaque", {}],
  ["jwt", { access_token_format: "jwt", audience: [API] }],
] as const;

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await registerSite();
});

async function remakeAccounts(format: object): Promise<void> {
  const grant_types = ["password", "refresh_token", "client_credentials"];
  const client = { client_id: "shop", client_secret: "secret", grant_types, ...format };
  await service.register({ clients: [client], users: [{ ...LOGIN, id: "7" }] });
}

type Remake = () => Promise<unknown>;

/** Deletes an account and makes it again as it was, in one transaction and so at one moment. */
async function remade(kind: "client" | "user"): Promise<void> {
  const writes: RegistryWrite[] = [];
  if (kind === "client") {
    const row = (await registry.findClients(["shop"])).get("shop");
    const { client_id: clientId, not_before_ms, created_at_ms, ...fields } = row ?? fail();
    writes.push({ kind: "delete_client", clientId }, { kind: "insert_client", clientId, fields });
  } else {
    const row = (await registry.findUsersById(["7"])).get("7");
    const { id, username, not_before_ms, created_at_ms, ...fields } = row ?? fail();
    writes.push({ kind: "delete_user", username }, { kind: "insert_user", id, username, fields });
  }
  await registry.write([...writes, ...writes]);
}

function fail(): never {
  throw new Error("the account is not there");
}

/** The same as an import does it, whose accounts begin before all time. */
async function imported(kind: "client" | "user"): Promise<void> {
  if (kind === "client") {
    const row = (await registry.findClients(["shop"])).get("shop") ?? fail();
    await registry.write([{ kind: "delete_client", clientId: "shop" }]);
    expect(await importStore.addClients([row])).toBe(1);
    return;
  }
  const row = (await registry.findUsersById(["7"])).get("7") ?? fail();
  await registry.write([{ kind: "delete_user", username: "grace" }]);
  const { id, username, password_record, profile } = row;
  const names = { username, username_key: username };
  const user = { id, ...names, password_record, profile, is_active: 1 } as const;
  expect(await importStore.addUsers([user])).toBe(1);
}

describe.each(FORMATS)("an account that is deleted and made again (%s)", (_, format) => {
  describe.each(["client", "user"] as const)("a %s", (kind) => {
    test.each<[string, Remake]>([
      ["at one moment", () => remade(kind)],
      ["by an import", () => imported(kind)],
    ])("revives nothing that was issued before: %s", async (_how, remake) => {
      await remakeAccounts(format);
      const old = await logIn(service, LOGIN, CREDENTIALS);
      const own = granted(await ask(service, OWN, CREDENTIALS)).access_token;
      expect(await introspect(service, old.access_token)).toMatchObject(ACTIVE);
      await remake();
      if (kind === "client") await remakeAccounts(format);
      expect(await introspect(service, old.access_token)).toMatchObject(INACTIVE);
      const expected = kind === "client" ? INACTIVE : ACTIVE;
      expect(await introspect(service, own)).toMatchObject(expected);
      const refreshed = await refresh(service, old.refresh_token, {}, CREDENTIALS);
      expect(refreshed).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
      const fresh = await logIn(service, LOGIN, CREDENTIALS);
      expect(await introspect(service, fresh.access_token)).toMatchObject(ACTIVE);
      granted(await refresh(service, fresh.refresh_token, {}, CREDENTIALS));
    });
  });
});

test("who was deleted is known to an import, by id and by name", async () => {
  await remakeAccounts({});
  await registry.write([
    { kind: "delete_client", clientId: "shop" },
    { kind: "delete_user", username: "grace" },
  ]);
  const known = { id: "7", username: "grace", deleted_at_ms: expect.any(Number) };
  expect(await importStore.findDeletedUsers(["7"], [])).toEqual([known]);
  expect(await importStore.findDeletedUsers([], ["grace"])).toEqual([known]);
  expect(await importStore.findDeletedUsers(["shop"], ["shop"])).toEqual([]);
  expect(await importStore.findDeletedClients(["shop", "7"])).toMatchObject([{ id: "shop" }]);
});

describe("one id for a client and a user", () => {
  const NEW_CLIENT = { client_id: "ada-s", client_secret: "a client's secret" };
  const NEW_USER = { id: "client", username: "namesake", password: "a user's password" };

  beforeAll(() => service.register({ users: [{ username: "ada's", id: "ada-s" }] }));

  test("is rejected in a file, with the location", async () => {
    const asClient = service.register({ clients: [NEW_CLIENT] });
    await expect(asClient).rejects.toThrow(/clients\[0\]\.client_id: is the id of a user/);
    const asUser = service.register({ users: [NEW_USER] });
    await expect(asUser).rejects.toThrow(/users\[0\]\.id: is the id of a client/);
    const both = {
      clients: [{ ...NEW_CLIENT, client_id: "x" }],
      users: [{ ...NEW_USER, id: "x" }],
    };
    await expect(service.register(both)).rejects.toThrow(/users\[0\]\.id: is the id of a client/);
  });

  test("is rejected by the management API, with the field", async () => {
    const problems = (place: string) => ({ body: { problems: [{ place }] }, status: 422 });
    expect(await manage("POST", "/admin/clients", NEW_CLIENT)).toMatchObject(problems("client_id"));
    expect(await manage("POST", "/admin/users", NEW_USER)).toMatchObject(problems("id"));
  });

  test("is rejected by the database itself, in either order", async () => {
    const row = (await registry.findClients(["client"])).get("client") ?? fail();
    const { client_id, not_before_ms, created_at_ms, ...fields } = row;
    const user = { password_record: "!", claims: "{}", profile: "{}", is_active: 1 };
    const insertClient = (clientId: string) =>
      ({ kind: "insert_client", clientId, fields }) as const;
    const insertUser = (id: string) => {
      return { kind: "insert_user", id, username: `user ${id}`, fields: user } as const;
    };
    for (const writes of [
      [insertClient("ada-s")],
      [insertUser("client")],
      [insertClient("new"), insertUser("new")],
      [insertUser("new"), insertClient("new")],
    ]) {
      await expect(registry.write(writes)).rejects.toThrow(RegistryConflict);
    }
  });

  test("is made neither by a first login nor by an import", async () => {
    const users = createUserStore(env.DB, "exact");
    const user = { id: "client", username: "first", passwordHash: "!" };
    expect(await users.add(user)).toBeNull();
    const columns = { password_record: "!", profile: "{}", is_active: 1 } as const;
    const rows = [{ id: "client", username: "first", username_key: "first", ...columns }];
    expect(await importStore.addUsers(rows)).toBe(0);
    const row = (await registry.findClients(["client"])).get("client") ?? fail();
    expect(await importStore.addClients([{ ...row, client_id: "ada-s" }])).toBe(0);
    expect(await importStore.findClientIds(["client", "first"])).toEqual(["client"]);
  });

  test("is named where version 0.1 let it happen", async () => {
    expect(await findSharedIds(env.DB)).toEqual([]);
    await env.DB.exec("UPDATE users SET id = 'client' WHERE id = 'ada-s'");
    expect(await findSharedIds(env.DB)).toEqual(["client"]);
  });
});

describe("an import of who was deleted here", () => {
  const rows = [user(41, "bob"), application(1, "bobs-shop")];
  const deleted = "was deleted here; use --restore-deleted to import it again";

  beforeEach(async () => {
    await importRows([...rows, accessToken(1, { user: 41 }), refreshToken(1, { user: 41 })], {
      restoresDeleted: true,
    });
    await registry.write([
      { kind: "delete_client", clientId: "bobs-shop" },
      { kind: "delete_user", username: "bob" },
    ]);
  });

  test("names them, and restores no user", async () => {
    const report = await importRows(rows);
    expect(reasonsOf(report, "users")).toEqual([`refused ${deleted}: bob`]);
    expect(reasonsOf(report, "clients")).toEqual([`refused ${deleted}: bobs-shop`]);
    expect(await registry.findUsersById(["41"])).toEqual(new Map());
  });

  test("brings them back when it is asked to, and no token of before", async () => {
    const tokens = [accessToken(1, { user: 41 }), refreshToken(1, { user: 41 })];
    const report = await importRows([...rows, ...tokens], { restoresDeleted: true });
    expect(report.counts).toMatchObject({
      users: { refused: 0 },
      clients: { refused: 0 },
      refresh_tokens: { taken: 0, refused: 1 },
      access_tokens: { taken: 0, refused: 1 },
    });
    expect((await registry.findUsersById(["41"])).size).toBe(1);
  });
});
