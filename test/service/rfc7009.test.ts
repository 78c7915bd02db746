import { beforeAll, describe, expect, test } from "vitest";
import { registerCheckers } from "../support/checks.ts";
import { isActive } from "../support/inspection.ts";
import { basic, type Fields, logIn, post, refresh } from "../support/requests.ts";
import { INVALID_CLIENT, invalidRequest } from "../support/responses.ts";
import { CLIENT, createService, registerDefaults, type TokenAnswer } from "../support/service.ts";

const service = createService();
const PATH = "/o/revoke_token/";

/** RFC 7009 §2.2: the body says nothing, so nothing may make a client parse it. */
const REVOKED = {
  status: 200,
  headers: { "cache-control": "no-store", pragma: "no-cache" },
  body: null,
};

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});

const send = (fields: Fields, headers: HeadersInit = basic(CLIENT)) => {
  return post(service, new URLSearchParams(fields), headers, PATH);
};

/** What is left of a login: whether its access token is active and its refresh token usable. */
async function leftOf(pair: TokenAnswer, credentials = CLIENT): Promise<unknown[]> {
  const active = await isActive(service, pair.access_token);
  const { status } = await refresh(service, pair.refresh_token, {}, credentials);
  return [active, status];
}

const NOTHING = [false, 400];
const EVERYTHING = [true, 200];

describe("a request", () => {
  test.each(["access_token", "refresh_token", "id_token", "no such type", ""])(
    "§2.1 with the hint %j ends either kind, right or wrong",
    async (hint) => {
      for (const kind of ["access_token", "refresh_token"] as const) {
        const pair = await logIn(service);
        const fields = { token: pair[kind], token_type_hint: hint };
        expect(await send(fields)).toEqual(REVOKED);
        expect(await leftOf(pair)).toEqual(NOTHING);
      }
    },
  );

  test("§2.1 authenticates a confidential client, or is rejected and ends nothing", async () => {
    const pair = await logIn(service);
    const token = pair.access_token;
    expect(await send({ token }, {})).toEqual(INVALID_CLIENT);
    expect(await send({ token }, basic("client:wrong"))).toEqual(INVALID_CLIENT);
    expect(await send({ token, client_id: "client" }, {})).toEqual(INVALID_CLIENT);
    expect(await leftOf(pair)).toEqual(EVERYTHING);
  });

  test("§2.1 may have the secret in the body", async () => {
    const pair = await logIn(service);
    const fields = { token: pair.access_token, client_id: "client", client_secret: "secret" };
    expect(await send(fields, {})).toEqual(REVOKED);
    expect(await isActive(service, pair.access_token)).toBe(false);
  });

  test("§2.1 of a public client says its client_id, and ends that client's token", async () => {
    const pair = await logIn(service, { client_id: "public" }, null);
    expect(await send({ token: pair.refresh_token, client_id: "public" }, {})).toEqual(REVOKED);
    expect(await isActive(service, pair.access_token)).toBe(false);
  });

  test("§2 is a POST of a form: the token is never in a URL", async () => {
    const { access_token: token } = await logIn(service);
    const query = `${PATH}?token=${token}`;
    const inQuery = await post(service, new URLSearchParams(), basic(CLIENT), query);
    expect(inQuery).toEqual(invalidRequest(400, "URL query parameters are not allowed"));
    const get = await service.fetch(query, { headers: basic(CLIENT) });
    expect([get.status, get.headers.get("Allow")]).toEqual([405, "POST, OPTIONS"]);
    expect(await isActive(service, token)).toBe(true);
  });
});

describe("a response", () => {
  test("§2.2 is 200 for a token that is revoked already", async () => {
    const pair = await logIn(service);
    for (let time = 0; time < 3; time += 1) {
      expect(await send({ token: pair.refresh_token })).toEqual(REVOKED);
    }
  });

  test.each(["unknown", "tga_unknown", "tgr_unknown", "a.b.c", "ü", "x".repeat(9000)])(
    "§2.2 is 200 for an invalid token: %.20s",
    async (token) => {
      expect(await send({ token })).toEqual(REVOKED);
    },
  );

  test("§2.2.1 is invalid_request without a token, before the client is looked at", async () => {
    const missing = invalidRequest(400, "Missing token parameter.");
    expect(await send({})).toEqual(missing);
    expect(await send({ token: "" })).toEqual(missing);
    expect(await send({ token_type_hint: "access_token" }, basic("client:wrong"))).toEqual(missing);
  });

  test("§2.2.1 is invalid_request for a token that is sent twice", async () => {
    const twice = new URLSearchParams("token=a&token=b");
    expect(await post(service, twice, basic(CLIENT), PATH)).toEqual(invalidRequest());
  });
});
