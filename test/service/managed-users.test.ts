import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AdminDeps } from "../../src/admin/deps.ts";
import {
  createUser,
  deleteUser,
  endSessions,
  setPassword,
  setUserActive,
  showUser,
  updateUser,
} from "../../src/admin/users.ts";
import { beforeFirstWrite, dumpRegistry, managementTools } from "../support/management.ts";
import { createService, registerDefaults, type TokenAnswer } from "../support/service.ts";

const service = createService();
let tools: AdminDeps;
let number = 0;
let username = "";

beforeAll(async () => {
  tools = await managementTools();
  await registerDefaults(service);
});

beforeEach(async () => {
  number += 1;
  username = `managed-${number}`;
  await createUser({ username, password: "the first one" }, tools);
});

const logIn = (password: string) => {
  return service.token<TokenAnswer>({ grant_type: "password", username, password });
};
const statusWith = async (password: string) => (await logIn(password)).status;
const refreshed = async ({ body }: { body: TokenAnswer }) => {
  const fields = { grant_type: "refresh_token", refresh_token: body.refresh_token };
  return (await service.token(fields)).status;
};

describe("what ends the sessions of a user", () => {
  const ENDINGS: [string, () => Promise<unknown>, afterwards: string][] = [
    [
      "another password",
      () => setPassword({ username }, "the second one", tools),
      "the second one",
    ],
    ["a revocation", () => endSessions({ username }, tools), "the first one"],
    [
      "being disabled, also when enabled again",
      async () => {
        await setUserActive({ username }, false, tools);
        expect(await statusWith("the first one")).toBe(400);
        await setUserActive({ username }, true, tools);
      },
      "the first one",
    ],
  ];

  test.each(ENDINGS)("%s", async (_, end, password) => {
    const session = await logIn("the first one");
    await end();
    expect(await refreshed(session)).toBe(400);
    const next = await logIn(password);
    expect(next.status).toBe(200);
    expect(await refreshed(next)).toBe(200);
  });

  test("being deleted, also when a user of the same name is created", async () => {
    const session = await logIn("the first one");
    await deleteUser({ username }, tools);
    expect(await statusWith("the first one")).toBe(400);
    await createUser({ username, password: "the first one" }, tools);
    expect(await refreshed(session)).toBe(400);
  });
});

test("enabling a user who is enabled ends nothing", async () => {
  const session = await logIn("the first one");
  await setUserActive({ username }, true, tools);
  expect(await refreshed(session)).toBe(200);
});

test("a user without a password has none that is right", async () => {
  await createUser({ username: `${username}-b` }, tools);
  expect(await showUser({ username: `${username}-b` }, tools)).toMatchObject({
    has_password: false,
  });
  const row = await env.DB.prepare("SELECT password_record FROM users WHERE username = ?")
    .bind(`${username}-b`)
    .first();
  expect(row).toEqual({ password_record: "!" });
});

describe("nothing changes for", () => {
  const REFUSALS: [string, () => Promise<unknown>, reason: string][] = [
    ["a user who is there", () => createUser({ username }, tools), "already_exists"],
    ["an empty name", () => createUser({ username: "" }, tools), "invalid"],
    ["a bad password", () => setPassword({ username }, "a\0b", tools), "invalid"],
    [
      "a password for an unknown user",
      () => setPassword({ username: "nobody" }, "a good password", tools),
      "not_found",
    ],
    [
      "disabling an unknown user",
      () => setUserActive({ username: "nobody" }, false, tools),
      "not_found",
    ],
    ["revoking an unknown user", () => endSessions({ username: "nobody" }, tools), "not_found"],
    ["deleting an unknown user", () => deleteUser({ username: "nobody" }, tools), "not_found"],
  ];

  test.each(REFUSALS)("%s", async (_, attempt, reason) => {
    const before = await dumpRegistry();
    await expect(attempt()).rejects.toMatchObject({ reason });
    expect(await dumpRegistry()).toEqual(before);
  });
});

describe("when a name changes hands just before the write,", () => {
  const CHANGES: [string, (id: string, tools: AdminDeps) => Promise<void>][] = [
    ["a deletion", (id, used) => deleteUser({ id }, used)],
    ["a password", (id, used) => setPassword({ id }, "a thief's password", used)],
    ["the end of sessions", (id, used) => endSessions({ id }, used)],
    ["an update", (id, used) => updateUser({ id }, { claims: { a: 1 } }, used)],
  ];

  test.each(CHANGES)("%s meets the user who was meant, and not the other", async (_, change) => {
    const { id } = await showUser({ username }, tools);
    const swap = async () => {
      await updateUser({ id }, { username: `${username} before` }, tools);
      await createUser({ username, password: "of another user" }, tools);
    };
    const select = env.DB.prepare("SELECT * FROM users WHERE id <> ? AND username = ?");
    let other: unknown;
    const used = beforeFirstWrite(tools, async () => {
      await swap();
      other = await select.bind(id, username).first();
    });
    await change(id, used);
    expect(other).not.toBeNull();
    expect(await select.bind(id, username).first()).toEqual(other);
  });
});

test("an update is retried after a concurrent update of the same user", async () => {
  const rival = () => updateUser({ username }, { claims: { rival: 1 } }, tools);
  const used = beforeFirstWrite(tools, rival);
  await updateUser({ username }, { claims: { own: 1 } }, used, (old, more) => ({
    ...old,
    claims: { ...(old["claims"] as object), ...(more["claims"] as object) },
  }));
  expect(await showUser({ username }, tools)).toMatchObject({ claims: { rival: 1, own: 1 } });
});
