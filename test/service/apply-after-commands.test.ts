import { beforeEach, describe, expect, test } from "vitest";
import {
  dropPreviousSecret,
  rotateClientSecret,
  type SecretRotation,
} from "../../src/admin/client-secrets.ts";
import { deleteClient, setClientDisabled, updateClient } from "../../src/admin/clients.ts";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { clientEntryOf } from "../../src/admin/registry-rows.ts";
import { deleteUser, setPassword, setUserActive, updateUser } from "../../src/admin/users.ts";
import { type Applied, apply } from "../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import { dumpRegistry, managementTools } from "../support/management.ts";
import { createService } from "../support/service.ts";

// What commands changed since the file was written, and then the same file again.

const service = createService({});
const shop = { client_id: "shop", client_secret: "first", grant_types: ["client_credentials"] };
const ada = { username: "ada", password: "a lovely one" };
const FILE = { clients: [shop], users: [ada] };
const IN_A_WEEK: SecretRotation = {
  secret: "second",
  oldEndsAtMs: Date.now() + 7 * 86_400_000,
  endsOld: false,
};
const AT_ONCE: SecretRotation = { secret: "second", oldEndsAtMs: Date.now(), endsOld: true };

let tools: AdminDeps;

async function applied(file: object): Promise<readonly Applied[]> {
  return apply(parseRegistryFile(JSON.stringify(file)), tools);
}

async function isRight(secret: string): Promise<boolean> {
  const { status } = await service.token({ grant_type: "client_credentials" }, `shop:${secret}`);
  return status === 200;
}

const UNCHANGED = [{ change: "unchanged" }, { change: "unchanged" }];

beforeEach(async () => {
  tools = await managementTools();
  await deleteClient("shop", tools).catch(() => undefined);
  await deleteUser({ username: "ada" }, tools).catch(() => undefined);
  await applied(FILE);
});

describe("apply after a rotation", () => {
  test.each([
    ["that lets the old secret live on", IN_A_WEEK, true],
    ["that ended the old secret", AT_ONCE, false],
  ])("%s changes nothing, and the new secret works", async (_, rotation, oldIsLive) => {
    await rotateClientSecret("shop", rotation, tools);
    const before = await dumpRegistry();
    expect(await applied(FILE)).toMatchObject(UNCHANGED);
    expect(await dumpRegistry()).toEqual(before);
    expect([await isRight("second"), await isRight("first")]).toEqual([true, oldIsLive]);
  });

  test.each([IN_A_WEEK, AT_ONCE])("changes nothing with the hash of either secret", async (one) => {
    const exported = async () => {
      const row = (await tools.registry.findClients(["shop"])).get("shop");
      if (row === undefined) throw new Error("the client does not exist");
      return clientEntryOf(row);
    };
    await rotateClientSecret("shop", one, tools);
    const older = await exported();
    await rotateClientSecret("shop", { ...one, secret: "third" }, tools);
    const { previous_secret_record: _, previous_secret_ends_at: __, ...silent } = await exported();
    const before = await dumpRegistry();
    for (const client of [older, silent]) {
      expect(await applied({ clients: [client] })).toMatchObject([{ change: "unchanged" }]);
    }
    expect(await dumpRegistry()).toEqual(before);
    expect(await isRight("third")).toBe(true);
  });

  test("and an early end of the old secret does not bring it back", async () => {
    await rotateClientSecret("shop", IN_A_WEEK, tools);
    await dropPreviousSecret("shop", tools);
    await applied(FILE);
    expect([await isRight("second"), await isRight("first")]).toEqual([true, false]);
    await expect(dropPreviousSecret("shop", tools)).rejects.toThrow("no previous secret");
  });

  test.each([IN_A_WEEK, AT_ONCE])("with a secret that no setting has is rejected", async (one) => {
    await rotateClientSecret("shop", one, tools);
    const file = { ...FILE, clients: [{ ...shop, client_secret: "from long ago" }] };
    await expect(applied(file)).rejects.toThrow(
      /clients\[0\]\.client_secret: .* a command has rotated the secret.*client rotate-secret ID/,
    );
    expect(await isRight("second")).toBe(true);
  });

  test("with the new secret, or with none, changes nothing", async () => {
    await rotateClientSecret("shop", IN_A_WEEK, tools);
    const { client_secret: _, ...silent } = shop;
    for (const client of [{ ...shop, client_secret: "second" }, silent]) {
      expect(await applied({ clients: [client] })).toMatchObject([{ change: "unchanged" }]);
    }
    expect([await isRight("second"), await isRight("first")]).toEqual([true, true]);
  });
});

describe("apply leaves what the file does not name", () => {
  test("of a client", async () => {
    const changes = { scope: "read", client_name: "Shop", access_token_ttl_seconds: 60 };
    await updateClient("shop", changes, tools);
    await setClientDisabled("shop", true, tools);
    const before = await dumpRegistry();
    expect(await applied(FILE)).toMatchObject(UNCHANGED);
    expect(await dumpRegistry()).toEqual(before);
    const client = { ...shop, scope: null, disabled: false };
    expect(await applied({ clients: [client] })).toMatchObject([
      {
        change: "updated",
        fields: [{ field: "scope", from: "read", to: undefined }, { field: "disabled" }],
      },
    ]);
  });

  test("of a user", async () => {
    await setUserActive({ username: "ada" }, false, tools);
    await updateUser({ username: "ada" }, { claims: { tenant: "acme" } }, tools);
    expect(await applied(FILE)).toMatchObject(UNCHANGED);
    const rows = await tools.registry.findUsers(["ada"]);
    expect(rows.get("ada")).toMatchObject({ is_active: 0, claims: '{"tenant":"acme"}' });
    await applied({ users: [{ ...ada, is_active: null, claims: null }] });
    const reset = await tools.registry.findUsers(["ada"]);
    expect(reset.get("ada")).toMatchObject({ is_active: 1, claims: "{}" });
  });

  test("and still checks the whole that comes of it", async () => {
    await updateClient("shop", { grant_types: ["client_credentials"] }, tools);
    const { client_secret: _, grant_types: __, ...silent } = shop;
    const file = { clients: [{ ...silent, token_endpoint_auth_method: "none" }] };
    await expect(applied(file)).rejects.toThrow("clients[0].grant_types");
  });
});

describe("a first secret and a first password", () => {
  const first = {
    clients: [{ client_id: "shop", initial_secret: "first", grant_types: ["client_credentials"] }],
    users: [{ username: "ada", initial_password: "a lovely one" }],
  };

  test("count when the client and the user are made, and never again", async () => {
    await deleteClient("shop", tools);
    await deleteUser({ username: "ada" }, tools);
    expect(await applied(first)).toMatchObject([{ change: "created" }, { change: "created" }]);
    expect(await isRight("first")).toBe(true);
    await rotateClientSecret("shop", AT_ONCE, tools);
    await setPassword({ username: "ada" }, "another lovely one", tools);
    expect(await applied(first)).toMatchObject(UNCHANGED);
    expect(await isRight("second")).toBe(true);
  });

  test.each([
    [
      { clients: [{ ...shop, initial_secret: "x" }] },
      "clients[0].initial_secret: cannot be combined",
    ],
    [
      { users: [{ ...ada, initial_password: "x" }] },
      "users[0].initial_password: cannot be combined",
    ],
    [{ users: [{ username: "new", initial_password: "1234" }] }, "users[0].initial_password: is"],
    [
      { clients: [{ client_id: "new" }] },
      "clients[0].client_secret: required for a new confidential client",
    ],
  ])("are checked: %j", async (file, problem) => {
    await expect(applied(file)).rejects.toThrow(problem);
  });
});
