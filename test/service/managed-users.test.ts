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
import { beforeFirstWrite, managementTools } from "../support/management.ts";
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
const refreshed = async ({ body }: { body: TokenAnswer }) => {
  const fields = { grant_type: "refresh_token", refresh_token: body.refresh_token };
  return (await service.token(fields)).status;
};

test("being disabled ends the sessions of a user, also when enabled again", async () => {
  const session = await logIn("the first one");
  await setUserActive({ username }, false, tools);
  await setUserActive({ username }, true, tools);
  expect(await refreshed(session)).toBe(400);
  expect(await refreshed(await logIn("the first one"))).toBe(200);
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
