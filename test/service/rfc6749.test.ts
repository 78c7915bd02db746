import { beforeAll, describe, expect, test } from "vitest";
import { registerCheckers } from "../support/checks.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_CREDENTIALS,
  INVALID_GRANT,
  INVALID_SCOPE,
  invalidRequest,
  JSON_HEADERS,
  success,
  UNAUTHORIZED_CLIENT,
  UNSUPPORTED_GRANT_TYPE,
} from "../support/responses.ts";
import { CLIENT, createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const ALL = "read write groups";

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  const reserved = "a b:c+d%é";
  await service.register({
    clients: [
      { client_id: "an id:+%", client_secret: reserved },
      { client_id: "narrow", client_secret: "secret", grant_types: ["refresh_token"] },
      { client_id: "reader", client_secret: "secret", scope: "read write", default_scope: "read" },
    ],
  });
});

describe("client authentication", () => {
  test("§2.3.1 is HTTP Basic, with id and secret form-encoded before base64", async () => {
    const encoded = `${encodeURIComponent("an id:+%")}:${encodeURIComponent("a b:c+d%é")}`;
    expect(await ask(service, LOGIN, encoded)).toEqual(success(ALL));
    expect(await ask(service, LOGIN, encoded.replaceAll("%20", "+"))).toEqual(success(ALL));
  });

  test("§2.3.1 may be in the body", async () => {
    const fields = { ...LOGIN, client_id: "client", client_secret: "secret" };
    expect(await ask(service, fields, null)).toEqual(success(ALL));
  });

  test("§2.3.1 is never in the URL", async () => {
    const query = "/o/token/?client_id=client&client_secret=secret";
    expect(await post(service, new URLSearchParams(LOGIN), {}, query)).toEqual(invalidRequest());
  });

  test("§2.3 is one method a request", async () => {
    const both = { ...LOGIN, client_id: "client", client_secret: "another" };
    expect(await ask(service, both, CLIENT)).toEqual(invalidRequest());
    const two = { ...LOGIN, client_id: "public" };
    expect(await ask(service, two, CLIENT)).toEqual(invalidRequest());
  });

  test("§2.3 does not fall back from a failed method to another", async () => {
    const wrong = { ...LOGIN, client_id: "public" };
    expect(await ask(service, wrong, "public:wrong")).toEqual(INVALID_CLIENT);
    const broken = { Authorization: "Basic !" };
    const body = new URLSearchParams({ ...LOGIN, client_id: "client", client_secret: "secret" });
    expect(await post(service, body, broken)).toEqual(INVALID_CLIENT);
  });
});

describe("the token endpoint", () => {
  test("§3.2 takes POST alone", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await service.fetch("/o/token/", { method });
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST, OPTIONS"]);
    }
  });

  test("§3.2 takes a parameter without a value for one that is left out", async () => {
    expect(await ask(service, { ...LOGIN, scope: "" })).toEqual(success(ALL));
  });

  test("§3.2 ignores parameters that it does not know", async () => {
    const fields = { ...LOGIN, state: "s", nonce: "n", ["__proto__"]: "p", redirect_uri: "r" };
    expect(await ask(service, fields)).toEqual(success(ALL));
  });

  test("§3.2 rejects a parameter that is repeated, equal or not", async () => {
    for (const again of ["grant_type=password", "username=eve", "unknown=1&unknown=1"]) {
      const body = `${new URLSearchParams(LOGIN)}&${again}`;
      const headers = { ...basic(CLIENT), "Content-Type": "application/x-www-form-urlencoded" };
      expect(await post(service, body, headers)).toEqual(invalidRequest());
    }
  });

  test("§3.2.1 takes the client_id alone of a public client, and of no other", async () => {
    expect(await ask(service, { ...LOGIN, client_id: "public" }, null)).toEqual(success(ALL));
    expect(await ask(service, { ...LOGIN, client_id: "client" }, null)).toEqual(INVALID_CLIENT);
    expect(await ask(service, LOGIN, null)).toEqual(INVALID_CLIENT);
  });

  test("§3.3 grants the client's default when no scope is asked for, and says which", async () => {
    expect(await ask(service, LOGIN, "reader:secret")).toEqual(success("read"));
    const asked = { ...LOGIN, scope: "write read" };
    expect(await ask(service, asked, "reader:secret")).toEqual(success("write read"));
  });
});

describe("the password grant", () => {
  test("§4.3.2 takes user name and password, and a scope or none", async () => {
    expect(await ask(service, LOGIN)).toEqual(success(ALL));
    expect(await ask(service, { ...LOGIN, scope: "read" })).toEqual(success("read"));
  });

  test.each(["username", "password"] as const)("§4.3.2 needs the %s", async (name) => {
    const { [name]: _, ...fields } = LOGIN;
    const missing = invalidRequest(400, `Request is missing ${name} parameter.`);
    for (const sent of [fields, { ...LOGIN, [name]: "" }]) {
      expect(await ask(service, sent)).toEqual(missing);
    }
  });

  test("§4.3.2 authenticates a confidential client", async () => {
    expect(await ask(service, LOGIN, "client:wrong")).toEqual(INVALID_CLIENT);
  });
});

describe("the client credentials grant", () => {
  test("§4.4.3 answers without a refresh token", async () => {
    const { body } = await ask(service, OWN);
    expect(Object.keys(body as object).sort()).toEqual([
      "access_token",
      "expires_in",
      "scope",
      "token_type",
    ]);
  });

  test("§4.4 is for confidential clients alone", async () => {
    const fields = { ...OWN, client_id: "public" };
    expect(await ask(service, fields, null)).toEqual(UNAUTHORIZED_CLIENT);
  });

  test("§4.4.2 takes a scope", async () => {
    expect(await ask(service, { ...OWN, scope: "read" })).toMatchObject({
      body: { scope: "read" },
    });
    expect(await ask(service, { ...OWN, scope: "fly" })).toEqual(INVALID_SCOPE);
  });
});

describe("a successful response", () => {
  test("§5.1 has a token, its type, its life in seconds as a number, its scope", async () => {
    const { body } = await ask(service, LOGIN);
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600, scope: ALL });
  });

  test("§5.1 is JSON that no cache stores", async () => {
    expect((await ask(service, LOGIN)).headers).toEqual(JSON_HEADERS);
  });
});

describe("an error response", () => {
  test.each([
    ["invalid_request", { grant_type: "password" }, CLIENT, invalidRequest()],
    ["invalid_client", LOGIN, "client:wrong", INVALID_CLIENT],
    ["invalid_grant", { ...LOGIN, password: "wrong" }, CLIENT, INVALID_CREDENTIALS],
    ["unauthorized_client", LOGIN, "narrow:secret", UNAUTHORIZED_CLIENT],
    ["unsupported_grant_type", { grant_type: "PASSWORD" }, CLIENT, UNSUPPORTED_GRANT_TYPE],
    ["invalid_scope", { ...LOGIN, scope: "fly" }, CLIENT, INVALID_SCOPE],
  ])("§5.2 is %s", async (_, fields, credentials, expected) => {
    expect(await ask(service, fields, credentials)).toEqual(expected);
  });

  test("§5.2 is 401 with a challenge of the client's own scheme", async () => {
    const { status, headers } = await ask(service, LOGIN, "client:wrong");
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toMatch(/^Basic realm="/);
  });

  test("§5.2 describes itself in the characters that are allowed, without the input", async () => {
    const input = '<"\\é&';
    const { body } = await ask(service, { ...LOGIN, username: input, password: "" });
    const { error_description } = body as { error_description: string };
    expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(error_description).not.toContain("<");
  });
});

describe("refreshing", () => {
  test("§6 gives a new pair, and the old refresh token is discarded", async () => {
    const first = await logIn(service);
    const second = granted(await refresh(service, first.refresh_token));
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await refresh(service, first.refresh_token)).toEqual(INVALID_GRANT);
  });

  test("§6 keeps the scope, may narrow it for once, and never widens it", async () => {
    const first = await logIn(service, { scope: "read write" });
    const narrow = await refresh(service, first.refresh_token, { scope: "read" });
    expect(narrow).toEqual(success("read"));
    const again = await refresh(service, granted(narrow).refresh_token);
    expect(again).toEqual(success("read write"));
    const wide = { scope: "read write groups" };
    const { refresh_token } = granted(again);
    expect(await refresh(service, refresh_token, wide)).toEqual(INVALID_SCOPE);
    expect(await refresh(service, refresh_token)).toEqual(success("read write"));
  });

  test("§6 is for the client that the token was issued to", async () => {
    const { refresh_token } = await logIn(service);
    expect(await refresh(service, refresh_token, {}, "other:secret")).toEqual(INVALID_GRANT);
    expect(await refresh(service, refresh_token, {}, null)).toEqual(INVALID_CLIENT);
  });
});
