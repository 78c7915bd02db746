import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CommandOptions, command } from "../support/commands.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { cli, type Ended } from "../support/processes.ts";

const stateDir = ownState();
const dir = ownDir();
const file = join(dir, "accounts.json");

interface Entries {
  clients?: object[];
  users?: object[];
}

function apply(entries: Entries, words: string[] = [], options?: CommandOptions): Promise<Ended> {
  writeFileSync(file, JSON.stringify(entries));
  return command(["apply", file, "--persist-to", stateDir, ...words], options);
}

const shop = { client_id: "shop", client_secret: "shop-secret", scope: "read" };
const till = { client_id: "till", token_endpoint_auth_method: "none" };
const byKey = {
  client_id: "by-key",
  token_endpoint_auth_method: "private_key_jwt",
  jwks: {
    keys: [
      {
        kty: "EC",
        crv: "P-256",
        x: "qgtmFJTFbdYPuOkD6W8gz_ZZ6VDGDPIC6psSzsJl56w",
        y: "S2dvCu_E4epzhV-8InssY77vjbWgleyflj8iQVBRg4E",
      },
    ],
  },
};
const ada = { username: "ada", password: "ada-password" };
const bob = { username: "bob", password: "bob-password" };
const ALL = { clients: [shop, till], users: [ada, bob] };

function names(): string[] {
  return readRegistry(stateDir)
    .map((row) => String(row["client_id"] ?? row["username"]))
    .sort();
}

/** Replaces the state. */
beforeEach(async () => {
  expect(await apply(ALL, ["--prune", "--yes"])).toMatchObject({ code: 0, stderr: "" });
});

describe("cli apply --dry-run", () => {
  test("prints a line for each change, no secret, and writes nothing", async () => {
    const before = readRegistry(stateDir);
    const changed = {
      clients: [{ ...shop, client_secret: "other", scope: "read write", disabled: true }],
      users: [{ ...ada, password: "other-password", is_active: false }, { username: "new" }],
    };
    const { code, stdout, stderr } = await apply(changed, ["--dry-run", "--prune"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "update  client  shop  client_secret: changed",
        'update  client  shop  scope: "read" -> "read write"',
        "update  client  shop  disabled: false -> true",
        "update  user  ada  password: changed",
        "update  user  ada  is_active: true -> false",
        "create  user  new",
        "delete  client  till",
        "delete  user  bob",
        "dry run: 1 created, 2 updated, 0 unchanged, 2 deleted",
        "",
      ].join("\n"),
    );
    expect(readRegistry(stateDir)).toEqual(before);
  });

  test("prints JSON for programs, also without secrets", async () => {
    const changed = { clients: [{ ...shop, client_secret: "other", client_name: "Shop" }] };
    const { stdout } = await apply(changed, ["--dry-run", "--json"]);
    const fields = [{ field: "client_secret" }, { field: "client_name", from: "", to: "Shop" }];
    expect(JSON.parse(stdout)).toEqual({
      dry_run: true,
      changes: [{ kind: "client", name: "shop", change: "updated", fields }],
    });
    expect(stdout).not.toContain("other");
  });

  test("as a process prints only the totals when nothing changes", async () => {
    writeFileSync(file, JSON.stringify(ALL));
    const ended = await cli("apply", file, "--dry-run", "--persist-to", stateDir);
    const stdout = "dry run: 0 created, 0 updated, 4 unchanged\n";
    expect(ended).toEqual({ code: 0, stdout, stderr: "" });
  });
});

describe("cli apply of a long file", () => {
  const users = Array.from({ length: 20 }, (_, index) => ({ username: `long-${index}` }));

  test("shows its progress on a terminal, separate from the result", async () => {
    const { stdout, stderr } = await apply({ users }, ["--dry-run"], { typed: "" });
    expect(stderr).toContain("Checking and writing clients and users");
    expect(stdout).toMatch(/^create +user +long-0\n/);
  });

  test("shows none without a terminal", async () => {
    expect((await apply({ users }, ["--dry-run"])).stderr).toBe("");
  });
});

describe("cli apply --prune", () => {
  test("deletes what the file does not name", async () => {
    const { code, stdout } = await apply({ clients: [till], users: [bob] }, ["--prune", "--yes"]);
    expect(code).toBe(0);
    expect(stdout).toContain("deleted    client  shop\ndeleted    user  ada\n");
    expect(stdout).toMatch(/0 created, 0 updated, 2 unchanged, 2 deleted\n$/);
    expect(names()).toEqual(["bob", "till"]);
  });

  test("deletes nothing of a kind that the file does not list", async () => {
    await apply({ clients: [] }, ["--prune", "--yes"]);
    expect(names()).toEqual(["ada", "bob"]);
  });

  test("is never the default", async () => {
    await apply({ clients: [], users: [] });
    expect(names()).toEqual(["ada", "bob", "shop", "till"]);
  });

  test("asks on a terminal, lists what it would delete, and can be declined", async () => {
    const entries = { clients: [shop], users: [ada, { ...bob, password: "new-password" }] };
    const before = readRegistry(stateDir);
    const declined = await apply(entries, ["--prune"], { typed: "n" });
    expect(declined).toMatchObject({ code: 1, stdout: "" });
    expect(declined.stderr).toContain("delete  client  till\n");
    expect(readRegistry(stateDir)).toEqual(before);
    expect((await apply(entries, ["--prune"], { typed: "y" })).code).toBe(0);
    expect(names()).toEqual(["ada", "bob", "shop"]);
  });

  test("needs --yes without a terminal, and changes nothing without it", async () => {
    const before = readRegistry(stateDir);
    const { code, stderr } = await apply({ clients: [{ ...shop, scope: "write" }] }, ["--prune"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "Permanently delete everything not in the file? Without a terminal, use --yes.\n",
    );
    expect(readRegistry(stateDir)).toEqual(before);
  });
});

describe("cli apply reads values from the environment", () => {
  afterEach(() => vi.unstubAllEnvs());
  const placeholder = `$${"{"}SHOP_SECRET}`;

  test("and sees that a variable has the unchanged secret", async () => {
    vi.stubEnv("SHOP_SECRET", shop.client_secret);
    const { stdout } = await apply({ clients: [{ ...shop, client_secret: placeholder }] });
    expect(stdout).toContain("0 created, 0 updated, 1 unchanged");
  });

  test("and names the field and the variable when it is not set", async () => {
    const before = readRegistry(stateDir);
    const { code, stderr } = await apply({ clients: [{ ...shop, client_secret: placeholder }] });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `${file}: clients[0].client_secret: environment variable SHOP_SECRET is not set\n`,
    });
    expect(readRegistry(stateDir)).toEqual(before);
  });
});

describe("cli apply rejects invalid hashes and ids:", () => {
  const record = `$pbkdf2-sha256$r=1,i=100000$${"A".repeat(22)}$${"A".repeat(43)}`;
  const unreadable = "is not a hash that this service can verify; check PASSWORD_PEPPER";
  const newClient = { client_id: "new" };
  const adaId = () => readRegistry(stateDir).find((row) => row["username"] === "ada")?.["id"];

  test.each<[string, () => Entries, reason: string]>([
    [
      "a hash that is not one",
      () => ({ clients: [{ ...newClient, secret_record: "secret" }] }),
      `clients[0].secret_record: ${unreadable}`,
    ],
    [
      "a hash that another pepper sealed",
      () => ({ users: [{ username: "new", password_record: "$sealed$AAAA" }] }),
      `users[0].password_record: ${unreadable}`,
    ],
    [
      "an invalid previous hash",
      () => ({
        clients: [{ ...newClient, secret_record: record, previous_secret_record: "x" }],
      }),
      `clients[0].previous_secret_record: ${unreadable}`,
    ],
    [
      "a hash and a secret",
      () => ({ clients: [{ ...newClient, client_secret: "x", secret_record: record }] }),
      "clients[0].secret_record: cannot be combined with client_secret",
    ],
    [
      "a hash and a password",
      () => ({ users: [{ ...ada, password_record: record }] }),
      "users[0].password_record: cannot be combined with password",
    ],
    [
      "a hash for a client with keys",
      () => ({ clients: [{ ...byKey, secret_record: record }] }),
      'clients[0].secret_record: a client of method "private_key_jwt" has no secret',
    ],
    [
      "an end without a previous hash",
      () => ({ clients: [{ ...shop, previous_secret_ends_at: "2099-01-01T00:00:00Z" }] }),
      "clients[0].previous_secret_ends_at: requires previous_secret_record",
    ],
    [
      "another id for a user",
      () => ({ users: [{ ...ada, id: "other" }] }),
      "users[0].id: the user already has another id, which tokens refer to",
    ],
    [
      "another user's id",
      () => ({ users: [{ username: "new", id: adaId() }] }),
      'users[0].id: belongs to the user "ada"; to rename, use user update first',
    ],
    [
      "a duplicate id",
      () => ({ users: [1, 2].map((one) => ({ username: `n${one}`, id: "same" })) }),
      "users[1].id: duplicate",
    ],
  ])("%s", async (_, entries, reason) => {
    const before = readRegistry(stateDir);
    const { code, stdout, stderr } = await apply(entries());
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: `${file}: ${reason}\n`,
    });
    expect(readRegistry(stateDir)).toEqual(before);
  });
});
