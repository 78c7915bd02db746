import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as users from "../../src/admin/users.ts";
import { apply } from "../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import type { UsernameMode } from "../../src/protocol/usernames.ts";
import { allowSimilarNames, foldNames } from "../../src/storage/fold-names.ts";
import { createImportStore } from "../../src/storage/import-store.ts";
import { createMovingService } from "../support/legacy.ts";
import { managementTools } from "../support/management.ts";
import { ask } from "../support/requests.ts";
import { INVALID_CREDENTIALS, SUCCESS, UNAVAILABLE } from "../support/responses.ts";
import {
  createService,
  LOGIN,
  type Overrides,
  registerDefaults,
  type Service,
} from "../support/service.ts";
import { watch } from "../support/watched.ts";

const INSENSITIVE: Overrides = Object.fromEntries([["USERNAMES", "case-insensitive"]]);
const PASSWORD = "correct horse";
const [NFC, NFD] = ["Zo\u00eb", "Zoe\u0308"];

const exact = createService();
const insensitive = createService(INSENSITIVE);
const watched = watch();

beforeAll(() => registerDefaults(exact));
beforeEach(async () => {
  await allowSimilarNames(env.DB);
  await env.DB.exec("DELETE FROM users WHERE username <> 'ada'");
});

const loginAs = (service: Service, username: string) => ask(service, { ...LOGIN, username });

async function create(username: string, mode: UsernameMode = "exact"): Promise<string> {
  return users.createUser({ username, password: PASSWORD }, await managementTools(mode));
}

async function applyFile(mode: UsernameMode, file: object, options = {}) {
  return apply(parseRegistryFile(JSON.stringify(file)), await managementTools(mode), options);
}

async function namesOf(): Promise<string[]> {
  const query = "SELECT username FROM users WHERE username <> 'ada' ORDER BY username";
  return (await env.DB.prepare(query).all<{ username: string }>()).results.map(
    ({ username }) => username,
  );
}

/** As the previous version wrote rows: without a key, and not composed. */
async function insertOld(username: string): Promise<void> {
  const select = "SELECT ?1, ?1, password_record FROM users WHERE username = 'ada'";
  const insert = `INSERT INTO users (id, username, password_record) ${select}`;
  await env.DB.prepare(insert).bind(username).run();
}

describe("by default", () => {
  test.each([
    [NFC, NFD],
    [NFD, NFC],
  ])("a name is one however its characters are composed (%#)", async (made, typed) => {
    await create(made);
    expect(await loginAs(exact, typed)).toEqual(SUCCESS);
    await expect(create(typed)).rejects.toMatchObject({ reason: "already_exists" });
    const file = { users: [{ username: typed, password: PASSWORD }] };
    expect(await applyFile("exact", file)).toMatchObject([{ change: "unchanged" }]);
    expect(await namesOf()).toEqual([NFC]);
  });

  test("so is one that the previous version stored", async () => {
    await insertOld(NFD);
    expect(await loginAs(exact, NFC)).toEqual(SUCCESS);
    expect(await loginAs(exact, NFD)).toEqual(SUCCESS);
    await expect(create(NFC)).rejects.toMatchObject({ reason: "already_exists" });
  });

  test("names that differ in case are two", async () => {
    await create("bob");
    await create("Bob");
    expect(await loginAs(exact, "bob")).toEqual(SUCCESS);
    expect(await loginAs(exact, "BOB")).toEqual(INVALID_CREDENTIALS);
  });
});

describe("an old token endpoint that ignores case makes no second account", () => {
  test.each([
    ["that is active", true],
    ["that is deactivated", false],
  ])("of one %s", async (_, isActive) => {
    const id = await create("eve");
    await users.setUserActive({ id }, isActive, await managementTools("exact"));
    const moving = createMovingService("trusting");
    for (const username of ["Eve", "EVE", "eve "]) {
      expect(await loginAs(moving, username)).toEqual(INVALID_CREDENTIALS);
    }
    expect(await namesOf()).toEqual(["eve"]);
    expect(await moving.calls()).toEqual([]);
  });

  test("of two first logins at once", async () => {
    const moving = createMovingService("trusting");
    const names = ["Mallory", "mallory", "MALLORY"];
    const answers = await Promise.all(names.map((name) => loginAs(moving, name)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await namesOf()).toHaveLength(1);
  });

  test("of a row without a key, which only a command can fill beyond ASCII", async () => {
    await insertOld("Zo\u00eb");
    const moving = createMovingService("trusting");
    expect(await loginAs(moving, "ZO\u00cb")).toEqual(UNAVAILABLE);
    expect(watched.requests().at(-1)?.failure?.message).toContain("user fold-names");
    await foldNames(env.DB);
    expect(await loginAs(moving, "ZO\u00cb")).toEqual(INVALID_CREDENTIALS);
    expect(await namesOf()).toEqual(["Zo\u00eb"]);
  });

  test("of a row that an old Worker wrote during the upgrade", async () => {
    await insertOld("trent");
    const moving = createMovingService("trusting");
    expect(await loginAs(moving, "Trent")).toEqual(INVALID_CREDENTIALS);
    expect(await namesOf()).toEqual(["trent"]);
  });
});

describe("an old token endpoint that ignores accents and names the account that it found", () => {
  test.each([true, false])(
    "makes no second account (the first is active: %s)",
    async (isActive) => {
      const id = await create("eve");
      await users.setUserActive({ id }, isActive, await managementTools("exact"));
      const moving = createMovingService("naming");
      for (const username of ["ev\u00e9", "e\u0301ve", "\u00c9VE"]) {
        expect(await loginAs(moving, username)).toEqual(INVALID_CREDENTIALS);
      }
      expect(await namesOf()).toEqual(["eve"]);
      expect(await moving.calls()).toHaveLength(3);
    },
  );

  test("lets a new user in under the name of the account", async () => {
    const moving = createMovingService("naming");
    expect(await loginAs(moving, "frank")).toEqual(SUCCESS);
    expect(await namesOf()).toEqual(["frank"]);
  });

  test("lets no user in here whose account there is another one", async () => {
    await insertOld("gr\u00e9ta");
    await env.DB.exec("UPDATE users SET password_record = '!' WHERE username <> 'ada'");
    await foldNames(env.DB);
    const moving = createMovingService("naming");
    expect(await loginAs(moving, "gr\u00e9ta")).toEqual(INVALID_CREDENTIALS);
    expect(await moving.calls()).toHaveLength(1);
  });
});

describe("USERNAMES = case-insensitive", () => {
  test("is rejected until the names are folded, and the log names the command", async () => {
    await create("peggy");
    expect(await loginAs(insensitive, "peggy")).toEqual(UNAVAILABLE);
    const [request] = watched.requests();
    expect(request).toMatchObject({ reason: "misconfigured" });
    expect(request?.failure?.message).toContain("user fold-names");
  });

  test("is rejected while two names differ only in case, which the command lists", async () => {
    const pairs = ["victor", "Victor", NFC, "ZO\u00cb"];
    for (const name of pairs) await create(name);
    const { collisions } = await foldNames(env.DB);
    expect(collisions.map((names) => names.toSorted())).toEqual([
      ["Victor", "victor"],
      ["ZO\u00cb", NFC],
    ]);
    expect(await loginAs(insensitive, "victor")).toEqual(UNAVAILABLE);
    await users.deleteUser({ username: "Victor" }, await managementTools("case-insensitive"));
    const rename = { username: "zoe.two" };
    await users.updateUser(
      { username: "ZO\u00cb" },
      rename,
      await managementTools("case-insensitive"),
    );
    expect(await foldNames(env.DB)).toMatchObject({ collisions: [] });
    expect(await loginAs(insensitive, "VICTOR")).toEqual(SUCCESS);
  });

  test("is rejected while one row has no key, as a Worker of before writes it", async () => {
    await foldNames(env.DB);
    await insertOld("rupert");
    expect(await loginAs(insensitive, "Rupert")).toEqual(UNAVAILABLE);
    expect(await foldNames(env.DB)).toEqual({ folded: 1, collisions: [] });
    expect(await loginAs(insensitive, "Rupert")).toEqual(SUCCESS);
  });

  test("makes of every spelling one user: by login, command, file and rename", async () => {
    await insertOld(NFD);
    expect(await foldNames(env.DB)).toEqual({ folded: 1, collisions: [] });
    for (const username of [NFC, NFD, "zo\u00eb", "ZOE\u0308"]) {
      expect(await loginAs(insensitive, username)).toEqual(SUCCESS);
      await expect(create(username, "case-insensitive")).rejects.toMatchObject({
        reason: "already_exists",
      });
    }
    const file = { users: [{ username: "ZO\u00cb", claims: { role: "staff" } }] };
    const applied = await applyFile("case-insensitive", file, { prune: true });
    expect(applied).toMatchObject([{ change: "updated" }, { name: "ada", change: "deleted" }]);
    expect(await namesOf()).toEqual([NFD]);
    const tools = await managementTools("case-insensitive");
    await users.updateUser({ username: "zo\u00eb" }, { username: "ZO\u00cb" }, tools);
    expect(await namesOf()).toEqual(["ZO\u00cb"]);
    await create("wendy", "case-insensitive");
    await expect(
      users.updateUser({ username: "Wendy" }, { username: NFC }, tools),
    ).rejects.toMatchObject({ reason: "already_exists" });
    await registerDefaults(exact);
  });

  test("rejects a file that spells one name twice", async () => {
    const file = { users: [{ username: "oscar" }, { username: "Oscar" }] };
    await expect(applyFile("case-insensitive", file)).rejects.toMatchObject({
      problems: ["users[1].username: duplicate of another entry, spelled differently"],
    });
  });

  test("finds users for an import by their key", async () => {
    await create("sybil");
    const store = createImportStore(env.DB, false);
    expect(await store.findUsers([], ["SYBIL"])).toMatchObject([{ username: "sybil" }]);
    const row = { id: "1", username: "Walter", username_key: "walter", password_record: "!" };
    expect(await store.addUsers([{ ...row, profile: "{}", is_active: 1 }])).toBe(1);
    expect(await foldNames(env.DB)).toEqual({ folded: 0, collisions: [] });
  });

  test("costs a login no round trip", async () => {
    await foldNames(env.DB);
    expect(await loginAs(insensitive, "ADA")).toEqual(SUCCESS);
    expect(watched.requests().at(-1)?.operations).toMatchObject({
      "d1.find_accounts": expect.any(Number),
    });
    expect(watched.requests().at(-1)?.operations).not.toHaveProperty(["d1.add_user"]);
  });
});
