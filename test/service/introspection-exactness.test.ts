import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { change, introspect, registerCheckers, revoke } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INACTIVE } from "../support/responses.ts";
import { createService } from "../support/service.ts";

const service = createService();
const ACTIVE = { status: 200, body: { active: true } };

beforeAll(() => registerCheckers());

const FORMATS = [
  ["opaque", {}],
  ["JWT", { access_token_format: "jwt", audience: ["https://api.example.com"] }],
] as const;

let begun = 0;

/** A client and a user that no other test knows, a login, and a token of the client's own. */
async function begin(format: object) {
  begun += 1;
  const user = { username: `user ${begun}`, password: "rear admiral" };
  const client = {
    ...format,
    client_id: `client-${begun}`,
    client_secret: "secret",
    grant_types: ["password", "refresh_token", "client_credentials"],
  };
  await service.register({ clients: [client], users: [user] });
  const credentials = `${client.client_id}:secret`;
  const pair = await logIn(service, user, credentials);
  const ownAnswer = await ask(service, { grant_type: "client_credentials" }, credentials);
  const clients = granted(ownAnswer).access_token;
  for (const token of [pair.access_token, clients]) {
    expect(await introspect(service, token)).toMatchObject(ACTIVE);
  }
  return { client, user, credentials, pair, access: pair.access_token, clients };
}

describe.each(FORMATS)("a token (%s) is inactive at the next call", (_, format) => {
  test("once it is revoked", async () => {
    const { access, clients, credentials } = await begin(format);
    await revoke(service, access, credentials);
    await revoke(service, clients, credentials);
    expect(await introspect(service, access)).toEqual(INACTIVE);
    expect(await introspect(service, clients)).toEqual(INACTIVE);
  });

  test("once it is rotated away, and the new one is active", async () => {
    const { access, pair, credentials } = await begin(format);
    const renewed = granted(await refresh(service, pair.refresh_token, {}, credentials));
    expect(await introspect(service, access)).toEqual(INACTIVE);
    expect(await introspect(service, renewed.access_token)).toMatchObject(ACTIVE);
  });

  test("once its user is deactivated, and stays so when the user is back", async () => {
    const { access, clients, user } = await begin(format);
    await service.register({ users: [{ ...user, is_active: false }] });
    expect(await introspect(service, access)).toEqual(INACTIVE);
    expect(await introspect(service, clients)).toMatchObject(ACTIVE);
    await service.register({ users: [{ ...user, is_active: true }] });
    expect(await introspect(service, access)).toEqual(INACTIVE);
  });

  test("once its client is disabled, and stays so when the client is back", async () => {
    const { access, clients, client } = await begin(format);
    for (const disabled of [true, false]) {
      await service.register({ clients: [{ ...client, disabled }] });
      for (const token of [access, clients]) {
        expect(await introspect(service, token)).toEqual(INACTIVE);
      }
    }
  });

  test("once its user has another password", async () => {
    const { access, clients, user } = await begin(format);
    await service.register({ users: [{ ...user, password: "another one" }] });
    expect(await introspect(service, access)).toEqual(INACTIVE);
    expect(await introspect(service, clients)).toMatchObject(ACTIVE);
  });

  test("while a hand in D1 has switched its user or its client off", async () => {
    const { access, clients, client, user } = await begin(format);
    const switches = [
      { table: "users", key: user.username, off: "is_active = 0", on: "is_active = 1" },
      { table: "clients", key: client.client_id, off: "disabled = 1", on: "disabled = 0" },
    ] as const;
    for (const { table, key, off, on } of switches) {
      await change(table, key, off);
      expect(await introspect(service, access)).toEqual(INACTIVE);
      const ofClient = await introspect(service, clients);
      expect(ofClient).toMatchObject(table === "clients" ? INACTIVE : ACTIVE);
      await change(table, key, on);
      for (const token of [access, clients]) {
        expect(await introspect(service, token)).toMatchObject(ACTIVE);
      }
    }
  });

  test("once its user or its client is gone", async () => {
    const { access, clients, client, user } = await begin(format);
    const { DB } = service.env;
    await DB.prepare("DELETE FROM users WHERE username = ?").bind(user.username).run();
    expect(await introspect(service, access)).toEqual(INACTIVE);
    await DB.prepare("DELETE FROM clients WHERE client_id = ?").bind(client.client_id).run();
    expect(await introspect(service, clients)).toEqual(INACTIVE);
  });

  describe("by the clock", () => {
    stopClock();

    test("once it has expired, to the second", async () => {
      // D1 dates its rows by its own clock, which does not stop.
      passSeconds(60);
      const { access, clients } = await begin(format);
      passSeconds(3598);
      for (const token of [access, clients]) {
        expect(await introspect(service, token)).toMatchObject(ACTIVE);
      }
      passSeconds(2);
      for (const token of [access, clients]) {
        expect(await introspect(service, token)).toEqual(INACTIVE);
      }
    });
  });
});

test("a JWT that a client asks for in the second of its registration is active", async () => {
  const [, [, format]] = FORMATS;
  for (let time = 0; time < 5; time += 1) await begin(format);
});

test.each(FORMATS)(
  "a token (%s) of the second in which everything before was ended is active",
  async (_, format) => {
    const { credentials } = await begin(format);
    const clientId = credentials.split(":")[0];
    const second = 1000 * Math.ceil(Date.now() / 1000 + 1);
    const setNotBefore = env.DB.prepare("UPDATE clients SET not_before_ms = ? WHERE client_id = ?");
    await setNotBefore.bind(second + 300, clientId).run();
    vi.useFakeTimers({ toFake: ["Date"], now: second + 900 });
    const later = await ask(service, { grant_type: "client_credentials" }, credentials);
    expect(await introspect(service, granted(later).access_token)).toMatchObject(ACTIVE);
    // And one that was ended within its second is not.
    await setNotBefore.bind(second + 950, clientId).run();
    expect(await introspect(service, granted(later).access_token)).toEqual(INACTIVE);
    vi.useRealTimers();
  },
);
