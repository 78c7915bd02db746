import { beforeAll, describe, expect, test } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { ask, logIn } from "../support/requests.ts";
import {
  INVALID_CREDENTIALS,
  INVALID_SCOPE,
  JSON_HEADERS,
  refusal,
  success,
  UNAUTHORIZED_CLIENT,
} from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
const ALL_SCOPES = "read write groups";
const SUCCESS = success(ALL_SCOPES);

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "machine", client_secret: "secret", grant_types: ["client_credentials"] },
      { client_id: "single", client_secret: "secret", grant_types: ["password"] },
      { client_id: "reader", client_secret: "secret", scope: "read groups" },
      { client_id: "modest", client_secret: "secret", default_scope: "read" },
      { client_id: "brief", client_secret: "secret", access_token_ttl_seconds: 120 },
    ],
    users: [
      { username: "inactive", password: "correct horse", is_active: false },
      { username: "unusable" },
    ],
  });
});

describe("a login", () => {
  test("gives tokens of its own each time", async () => {
    const logins = [await logIn(service), await logIn(service), await logIn(service)];
    const tokens = logins.flatMap(({ access_token, refresh_token }) => [
      access_token,
      refresh_token,
    ]);
    expect(new Set(tokens).size).toBe(6);
  });

  test("lasts as long as the client's own setting says", async () => {
    expect(await ask(service, LOGIN, "brief:secret")).toEqual(success(ALL_SCOPES, 120));
  });

  test("comes without a refresh token for a client that may not refresh", async () => {
    const { refresh_token: _, ...body } = SUCCESS.body as Record<string, unknown>;
    const answer = await ask(service, LOGIN, "single:secret");
    expect(answer).toEqual({ status: 200, headers: JSON_HEADERS, body });
  });

  test("is rejected for a client that may not log users in", async () => {
    expect(await ask(service, LOGIN, "machine:secret")).toEqual(UNAUTHORIZED_CLIENT);
  });

  test.each([
    ["a right password", LOGIN],
    ["a wrong password", { ...LOGIN, password: "wrong" }],
    ["an unknown user", { ...LOGIN, username: "nobody" }],
    ["no password", { ...LOGIN, password: "" }],
    ["a control character", { ...LOGIN, username: "a\0" }],
    ["an unknown scope", { ...LOGIN, scope: "fly" }],
  ])("is rejected for such a client before the user is looked at: %s", async (_, fields) => {
    const { service: counted, costOf } = createCountedService();
    await ask(counted, LOGIN, "machine:secret");
    const { answer, cost } = await costOf(() => ask(counted, fields, "machine:secret"));
    expect({ answer, cost }).toEqual({ answer: UNAUTHORIZED_CLIENT, cost: { "d1.batch": 1 } });
  });
});

describe("a login fails alike", () => {
  const cases = [
    ["a wrong password", { password: "wrong" }],
    ["a password in another case", { password: "Correct Horse" }],
    ["a password with a space after it", { password: "correct horse " }],
    ["a password cut short", { password: "correct hors" }],
    ["an unknown user", { username: "nobody" }],
    ["a user name in another case", { username: "Ada" }],
    ["a user name with a space after it", { username: "ada " }],
    ["an inactive user", { username: "inactive" }],
    ["an inactive user with a wrong password", { username: "inactive", password: "wrong" }],
    ["an unusable password", { username: "unusable" }],
    ["the record of an unusable password", { username: "unusable", password: "!" }],
  ] as const;

  test.each(cases)("for %s", async (_, fields) => {
    expect(await ask(service, { ...LOGIN, ...fields })).toEqual(INVALID_CREDENTIALS);
  });

  test("with the same work", async () => {
    const counted = createCountedService({ PASSWORD_HASH_ROUNDS: 1 });
    await ask(counted.service, LOGIN);
    for (const [, fields] of cases) {
      const { cost } = await counted.costOf(() => ask(counted.service, { ...LOGIN, ...fields }));
      expect(cost).toEqual({ "d1.batch": 1, pbkdf2: 1 });
    }
  });
});

describe("a control character", () => {
  const characters = ["\0", "\t", "\n", "\r", "\x1f", "\x7f"];

  test.each([
    ["username", LOGIN.username],
    ["password", LOGIN.password],
  ])("in the %s is rejected", async (name, value) => {
    const refused = refusal(400, "invalid_request", `The ${name} has a control character.`);
    for (const character of characters) {
      for (const text of [value + character, character + value]) {
        expect(await ask(service, { ...LOGIN, [name]: text })).toEqual(refused);
      }
    }
  });
});

describe("scope", () => {
  test.each([
    ["client", undefined, ALL_SCOPES],
    ["client", "", ALL_SCOPES],
    ["client", "read write", "read write"],
    ["client", "read", "read"],
    ["client", "read read", "read"],
    ["client", " read  write ", "read write"],
    ["reader", undefined, "read groups"],
    ["reader", "groups", "groups"],
    ["modest", undefined, "read"],
    ["modest", "", "read"],
    ["modest", "write", "write"],
  ])("of %s asked for %j is %j", async (client, scope, expected) => {
    const fields = scope === undefined ? LOGIN : { ...LOGIN, scope };
    expect(await ask(service, fields, `${client}:secret`)).toEqual(success(expected));
  });

  test.each([
    ["unknown", "client", "read fly"],
    ["unknown alone", "client", "fly"],
    ["in another case", "client", "Read"],
    ["with a tab", "client", "read\twrite"],
    ["with a name of the prototype", "client", "constructor"],
    ["not the client's", "reader", "read write"],
  ])("that is %s is rejected", async (_, client, scope) => {
    const answer = await ask(service, { ...LOGIN, scope }, `${client}:secret`);
    expect(answer).toEqual(INVALID_SCOPE);
  });
});

test("a client without any scope left cannot log users in", async () => {
  const changed = createService({ SCOPES: "write" });
  expect(await ask(changed, LOGIN, "reader:secret")).toEqual(INVALID_SCOPE);
  expect(await ask(changed, LOGIN, "modest:secret")).toEqual(INVALID_SCOPE);
});
