import { beforeAll, describe, expect, test } from "vitest";
import {
  API,
  change,
  ISSUER,
  introspect,
  JWT_CLIENT,
  OTHER_CLIENT,
  RESOURCE_SERVER,
  registerCheckers,
  revoke,
} from "../support/checks.ts";
import { createCountedService } from "../support/counting.ts";
import { captureErrors } from "../support/faulty.ts";
import { failingBindings } from "../support/interception.ts";
import { ask, basic, type Fields, granted, logIn, post } from "../support/requests.ts";
import {
  headersOf,
  INACTIVE,
  INSUFFICIENT_SCOPE,
  INVALID_CLIENT,
  INVALID_SCOPE,
  INVALID_TOKEN,
  invalidRequest,
  JSON_HEADERS,
  UNAVAILABLE,
  type WholeAnswer,
  whole,
} from "../support/responses.ts";
import { CLIENT, createService, OWN, registerDefaults, type Service } from "../support/service.ts";

const service = createService();
const PATH = "/o/introspect/";
const ACTIVE = { status: 200, body: { active: true } };

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  const common = { client_secret: "secret", grant_types: ["client_credentials", "password"] };
  const scope = "read introspection";
  await service.register({
    clients: [
      {
        ...{ ...common, client_id: "jwt-api", scope, access_token_format: "jwt" },
        audience: [API, ISSUER],
      },
      { ...common, client_id: "narrowed", scope, audience: [ISSUER, API] },
      { ...common, client_id: "every-scope" },
    ],
  });
});

/** Asks as the holder of a token. */
function byToken(caller: string, token: string, from: Service = service): Promise<WholeAnswer> {
  const headers = { Authorization: `Bearer ${caller}` };
  return post(from, new URLSearchParams({ token }), headers, PATH);
}

async function get(query: string, headers: HeadersInit = {}): Promise<WholeAnswer> {
  return whole(await service.fetch(`${PATH}?${query}`, { headers }));
}

async function own(scope?: string, credentials = CLIENT, more: Fields = {}): Promise<string> {
  const fields = { ...OWN, ...more, ...(scope === undefined ? {} : { scope }) };
  return granted(await ask(service, fields, credentials)).access_token;
}

describe("who may ask about which token", () => {
  test("a client with the scope introspection: about every token", async () => {
    for (const credentials of [CLIENT, JWT_CLIENT, OTHER_CLIENT]) {
      const { access_token } = await logIn(service, {}, credentials);
      expect(await introspect(service, access_token, RESOURCE_SERVER)).toMatchObject(ACTIVE);
    }
  });

  test("a client without it: about its own tokens alone", async () => {
    const mine = await logIn(service, {}, OTHER_CLIENT);
    expect(await introspect(service, mine.access_token, OTHER_CLIENT)).toMatchObject(ACTIVE);
    expect(await introspect(service, await own("read", OTHER_CLIENT), OTHER_CLIENT)).toMatchObject(
      ACTIVE,
    );
    const theirs = await logIn(service);
    expect(await introspect(service, theirs.access_token, OTHER_CLIENT)).toEqual(INACTIVE);
    expect(await introspect(service, await own(), OTHER_CLIENT)).toEqual(INACTIVE);
  });

  test("a bearer of a token with the scope introspection: about every token", async () => {
    const { access_token } = await logIn(service, {}, OTHER_CLIENT);
    expect(await byToken(await own("introspection", RESOURCE_SERVER), access_token)).toMatchObject(
      ACTIVE,
    );
    const user = await logIn(service, { scope: "read introspection" }, RESOURCE_SERVER);
    expect(await byToken(user.access_token, access_token)).toMatchObject(ACTIVE);
    const jwt = await own("introspection", "jwt-api:secret", { resource: ISSUER });
    expect(await byToken(jwt, access_token)).toMatchObject(ACTIVE);
    expect(await byToken(jwt, jwt)).toMatchObject(ACTIVE);
  });

  test("a bearer of any other token: about none, not even its own", async () => {
    const token = await own("read write groups");
    expect(await byToken(token, token)).toEqual(INSUFFICIENT_SCOPE);
    const narrow = await own("read write", RESOURCE_SERVER);
    expect(await byToken(narrow, token)).toEqual(INSUFFICIENT_SCOPE);
    expect(await byToken(narrow, narrow)).toEqual(INSUFFICIENT_SCOPE);
  });

  test.each(["jwt-api:secret", "narrowed:secret"])(
    "a bearer of a token that is for an API: about none (%s)",
    async (credentials) => {
      for (const fields of [{ resource: API }, { resource: ISSUER }]) {
        const token = await own("introspection", credentials, fields);
        const user = await logIn(service, { scope: "introspection", ...fields }, credentials);
        const isForService = fields.resource === ISSUER;
        for (const caller of [token, user.access_token]) {
          const answer = await byToken(caller, await own());
          expect(answer).toMatchObject(isForService ? ACTIVE : INVALID_TOKEN);
        }
      }
    },
  );

  test.each(["read write groups", "read introspection", "introspection read admin"])(
    "a client without `scope`: about its own alone, where SCOPES is %j",
    async (SCOPES) => {
      const from = createService({ SCOPES });
      const credentials = "every-scope:secret";
      const { access_token, scope } = await logIn(from, {}, credentials);
      expect(scope.split(" ")).not.toContain("introspection");
      const asked = { ...OWN, scope: "introspection" };
      expect(await ask(from, asked, credentials)).toEqual(INVALID_SCOPE);
      expect(await introspect(from, access_token, credentials)).toMatchObject(ACTIVE);
      expect(await introspect(from, await own(), credentials)).toEqual(INACTIVE);
      const named = granted(await ask(from, asked, RESOURCE_SERVER)).access_token;
      expect(await byToken(named, access_token, from)).toMatchObject(ACTIVE);
    },
  );

  test("a client whose scope was narrowed: at once about its own alone", async () => {
    const credentials = "narrowed:secret";
    const bearer = await own("introspection", credentials);
    const token = await own();
    expect(await byToken(bearer, token)).toMatchObject(ACTIVE);
    expect(await introspect(service, token, credentials)).toMatchObject(ACTIVE);
    await change("clients", "narrowed", "scope = 'read'");
    expect(await byToken(bearer, token)).toEqual(INSUFFICIENT_SCOPE);
    expect(await introspect(service, token, credentials)).toEqual(INACTIVE);
    await change("clients", "narrowed", "scope = NULL");
    expect(await byToken(bearer, token)).toEqual(INSUFFICIENT_SCOPE);
    expect(await introspect(service, token, credentials)).toEqual(INACTIVE);
    await change("clients", "narrowed", "scope = 'read introspection'");
    expect(await byToken(bearer, token)).toMatchObject(ACTIVE);
  });

  test("a bearer of a token that is not active: about none", async () => {
    const token = await own();
    const { access_token, refresh_token } = await logIn(
      service,
      { scope: "introspection" },
      RESOURCE_SERVER,
    );
    expect(await byToken(refresh_token, token)).toEqual(INVALID_TOKEN);
    expect(await byToken(`${access_token}A`, token)).toEqual(INVALID_TOKEN);
    await revoke(service, access_token, RESOURCE_SERVER);
    expect(await byToken(access_token, token)).toEqual(INVALID_TOKEN);
  });

  test.each([
    ["clients", "api", "disabled = 1", "disabled = 0"],
    ["users", "ada", "is_active = 0", "is_active = 1"],
  ] as const)("a bearer whose row in %s is disabled: about none", async (...row) => {
    const [table, key, disabled, enabled] = row;
    const token = await own();
    const bearer = await logIn(service, { scope: "introspection" }, RESOURCE_SERVER);
    await change(table, key, disabled);
    expect(await byToken(bearer.access_token, token)).toEqual(INVALID_TOKEN);
    await change(table, key, enabled);
    expect(await byToken(bearer.access_token, token)).toMatchObject(ACTIVE);
  });

  test("unauthenticated, public or invalid clients: about none, with the same response", async () => {
    const token = await own();
    const ways: [Record<string, string>, HeadersInit][] = [
      [{}, {}],
      [{ client_id: "public" }, {}],
      [{ client_id: "client" }, {}],
      [{}, basic("api:wrong")],
      [{}, basic("nobody:secret")],
      [{}, { Authorization: "Bearer" }],
      [{}, { Authorization: "Basic !" }],
    ];
    for (const [fields, headers] of ways) {
      const body = new URLSearchParams({ token, ...fields });
      expect(await post(service, body, headers, PATH)).toEqual(INVALID_CLIENT);
    }
  });
});

describe("a GET", () => {
  test("has the token in the query", async () => {
    const token = await own();
    expect(await get(`token=${token}`, basic(RESOURCE_SERVER))).toMatchObject(ACTIVE);
    const headers = { Authorization: `Bearer ${await own("introspection", RESOURCE_SERVER)}` };
    expect(await get(`token=${token}&token_type_hint=x`, headers)).toMatchObject(ACTIVE);
    expect(await get("token=unknown", headers)).toEqual(INACTIVE);
  });

  test("never has credentials in the query", async () => {
    const token = await own();
    expect(await get(`token=${token}&client_id=api&client_secret=secret`)).toEqual(INVALID_CLIENT);
    const bearer = await own("introspection", RESOURCE_SERVER);
    expect(await get(`token=${token}&access_token=${bearer}`)).toEqual(INVALID_CLIENT);
  });

  test("without a token, or with two, is rejected", async () => {
    const headers = basic(RESOURCE_SERVER);
    const missing = invalidRequest(400, "Missing token parameter.");
    expect(await get("", headers)).toEqual(missing);
    expect(await get("token=", headers)).toEqual(missing);
    expect(await get("token=a&token=b", headers)).toEqual(invalidRequest());
  });

  test("answers HEAD as itself, without the body", async () => {
    const response = await service.fetch(`${PATH}?token=${await own()}`, {
      method: "HEAD",
      headers: basic(RESOURCE_SERVER),
    });
    expect([response.status, headersOf(response)]).toEqual([200, JSON_HEADERS]);
  });
});

test("a POST takes no query, but a JSON body and a path without its slash", async () => {
  const token = await own();
  const headers = basic(RESOURCE_SERVER);
  const body = new URLSearchParams({ token });
  expect(await post(service, body, headers, `${PATH}?token=${token}`)).toEqual(
    invalidRequest(400, "URL query parameters are not allowed"),
  );
  const json = { ...headers, "Content-Type": "application/json" };
  const answer = await post(service, JSON.stringify({ token }), json, "/o/introspect");
  expect(answer).toMatchObject(ACTIVE);
});

describe("introspecting costs", () => {
  const counted = createCountedService();
  // So that the secret is remembered, and PBKDF2 is not in the way.
  beforeAll(async () => {
    await introspect(counted.service, "unknown");
  });

  test("for a forged token, the caller's look-up alone", async () => {
    const { access_token, refresh_token } = await logIn(service);
    for (const token of [`${access_token}A`, refresh_token, "tga_", "x.y.z", "unknown"]) {
      const { answer, cost } = await counted.costOf(() => introspect(counted.service, token));
      expect({ answer, cost }).toEqual({ answer: INACTIVE, cost: { "d1.batch": 1 } });
    }
  });

  test("a bearer also the cost of its own token, in one lookup", async () => {
    const { access_token } = await logIn(service);
    const caller = await own("introspection", RESOURCE_SERVER);
    const { answer, cost } = await counted.costOf(() => {
      return byToken(caller, access_token, counted.service);
    });
    expect(answer).toMatchObject(ACTIVE);
    expect(cost).toEqual({ "d1.batch": 1, "family.inspect": 1 });
  });

  test("a forger nothing at all", async () => {
    const { answer, cost } = await counted.costOf(() => byToken("forged", "x", counted.service));
    expect({ answer, cost }).toEqual({ answer: INVALID_TOKEN, cost: {} });
  });
});

describe("when storage fails", () => {
  const logged = captureErrors();

  test.each(["d1.batch", "family.inspect"])("in %s the answer is 503", async (broken) => {
    const failing = createService(failingBindings(broken));
    const token = (await logIn(service)).access_token;
    expect(await introspect(failing, token)).toEqual(UNAVAILABLE);
    expect(logged).toHaveLength(1);
  });

  test("in a JWT's family, only for permitted callers: the family is read concurrently with D1", async () => {
    const failing = createService(failingBindings("family.inspect"));
    const { access_token } = await logIn(service, {}, JWT_CLIENT);
    expect(await introspect(failing, access_token)).toEqual(UNAVAILABLE);
    expect(await introspect(failing, access_token, "api:wrong")).toEqual(INVALID_CLIENT);
    expect(await byToken(access_token, "x", failing)).toEqual(UNAVAILABLE);
  });
});
