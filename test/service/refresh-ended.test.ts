import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { passSeconds, stopClock } from "../support/clock.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_CREDENTIALS, INVALID_GRANT, SUCCESS } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
const BOB = { username: "bob", password: "correct horse" };

beforeEach(async () => {
  await env.DB.batch([env.DB.prepare("DELETE FROM users"), env.DB.prepare("DELETE FROM clients")]);
  await registerDefaults(service);
  await service.register({
    clients: [{ client_id: "other", client_secret: "secret" }],
    users: [BOB],
  });
});

describe("a password change", () => {
  const changed = { username: "ada", password: "new password" };

  test("ends every family of the user, and of no other user", async () => {
    const adas = [
      [await logIn(service), "client:secret"],
      [await logIn(service, {}, "other:secret"), "other:secret"],
    ] as const;
    const bobs = await logIn(service, BOB);
    await service.register({ users: [changed] });
    for (const [{ refresh_token }, credentials] of adas) {
      expect(await refresh(service, refresh_token, {}, credentials)).toEqual(INVALID_GRANT);
    }
    expect(await refresh(service, bobs.refresh_token)).toEqual(SUCCESS);
  });

  test("lets the new password log in and refresh, and the old one no more", async () => {
    await service.register({ users: [changed] });
    expect(await ask(service, LOGIN)).toEqual(INVALID_CREDENTIALS);
    const { refresh_token } = await logIn(service, changed);
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });

  test("to the same password changes nothing", async () => {
    const { refresh_token } = await logIn(service);
    await service.register({ users: [{ username: "ada", password: "correct horse" }] });
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });
});

describe("a user who is", () => {
  test("deactivated cannot refresh, nor with the old token once active again", async () => {
    const { refresh_token } = await logIn(service);
    await service.register({ users: [{ username: "ada", is_active: false }] });
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    await service.register({ users: [{ username: "ada", is_active: true }] });
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    const again = await logIn(service);
    expect(await refresh(service, again.refresh_token)).toEqual(SUCCESS);
  });

  test("deactivated by hand in D1 cannot refresh", async () => {
    const { refresh_token } = await logIn(service);
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE username = 'ada'").run();
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
  });

  test("deleted cannot refresh, nor can a namesake with that token", async () => {
    const { refresh_token } = await logIn(service);
    await env.DB.prepare("DELETE FROM users WHERE username = 'ada'").run();
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    await registerDefaults(service);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
  });

  test("renamed can refresh, since the token has the id", async () => {
    const { refresh_token } = await logIn(service);
    await env.DB.prepare("UPDATE users SET username = 'lovelace' WHERE username = 'ada'").run();
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });
});

test("a client that was disabled and is enabled again has no family left", async () => {
  const other = { client_id: "other", client_secret: "secret" };
  const { refresh_token } = await logIn(service, {}, "other:secret");
  const clients = await logIn(service);
  await service.register({ clients: [{ ...other, disabled: true }] });
  await service.register({ clients: [other] });
  expect(await refresh(service, refresh_token, {}, "other:secret")).toEqual(INVALID_GRANT);
  expect(await refresh(service, clients.refresh_token)).toEqual(SUCCESS);
});

describe.each([
  ["user", "UPDATE users SET not_before_ms = ? WHERE username = 'ada'"],
  ["client", "UPDATE clients SET not_before_ms = ? WHERE client_id = 'client'"],
])("a not-before time of the %s", (_, query) => {
  stopClock();
  const setNotBefore = (atMs: number) => env.DB.prepare(query).bind(atMs).run();

  test("ends the families that began before it, to the millisecond", async () => {
    passSeconds(60);
    const first = await logIn(service);
    await setNotBefore(Date.now());
    const second = granted(await refresh(service, first.refresh_token));
    await setNotBefore(Date.now() + 1);
    expect(await refresh(service, second.refresh_token)).toEqual(INVALID_GRANT);
  });

  test("looks at the login and not at the last refresh", async () => {
    passSeconds(60);
    const first = await logIn(service);
    const notBeforeMs = Date.now() + 1000;
    passSeconds(2);
    const second = granted(await refresh(service, first.refresh_token));
    await setNotBefore(notBeforeMs);
    expect(await refresh(service, second.refresh_token)).toEqual(INVALID_GRANT);
    const later = await logIn(service);
    expect(await refresh(service, later.refresh_token)).toEqual(SUCCESS);
  });

  test("rejects without revoking: moved back, the family goes on", async () => {
    passSeconds(60);
    const { refresh_token } = await logIn(service);
    await setNotBefore(Date.now() + 1);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    await setNotBefore(0);
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });
});
