import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  API,
  change,
  introspect,
  JWT_CLIENT,
  OTHER_API,
  registerCheckers,
  TOKENS,
} from "../support/checks.ts";
import { readJws } from "../support/jws.ts";
import { manage, registerSite } from "../support/managing.ts";
import { ask, basic, type Fields, granted, logIn, post, refresh } from "../support/requests.ts";
import { INVALID_TARGET, invalidRequest } from "../support/responses.ts";
import { createService, LOGIN, type Overrides, registerDefaults } from "../support/service.ts";

const service = createService();
const OPAQUE_CLIENT = "opaque:secret";

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await registerSite();
  const opaque = { client_id: "opaque", client_secret: "secret", audience: [API, OTHER_API] };
  await service.register({ clients: [opaque] });
});

/** Adds an API for every client. */
async function setResource(uri: string, body: object): Promise<void> {
  const path = `/admin/resources/${encodeURIComponent(uri)}`;
  expect(await manage("PUT", path, body)).toMatchObject({ status: 200, body: { uri } });
}

/** The `aud` of a token, as an API learns of it. */
async function audienceOf(token: string): Promise<unknown> {
  const { body } = await introspect(service, token);
  const { active, aud } = body as { active: boolean; aud?: unknown };
  expect(active).toBe(true);
  if (!token.startsWith("tga_")) expect(readJws(token).payload["aud"]).toBe(aud);
  return aud;
}

describe.each([
  ["a JWT", JWT_CLIENT],
  ["an opaque token", OPAQUE_CLIENT],
])("%s", (_, credentials) => {
  test("§2.2 is for the resource that the client names", async () => {
    for (const resource of [API, OTHER_API]) {
      const { access_token } = await logIn(service, { resource }, credentials);
      expect(await audienceOf(access_token)).toBe(resource);
    }
  });

  test("§2 is for the client's first audience when it names none, or an empty one", async () => {
    const fields = [{}, { resource: "" }] as Record<string, string>[];
    for (const some of fields) {
      const { access_token } = await logIn(service, some, credentials);
      expect(await audienceOf(access_token)).toBe(API);
    }
  });

  test("§2.2 is for the login's resource at every refresh, and for no other one", async () => {
    let { refresh_token } = await logIn(service, { resource: OTHER_API }, credentials);
    for (const fields of [{}, { resource: OTHER_API }, { resource: "" }, {}] as Fields[]) {
      for (const resource of [API, "https://third.example.com"]) {
        const other = await refresh(service, refresh_token, { resource }, credentials);
        expect(other).toEqual(INVALID_TARGET);
      }
      const renewed = granted(await refresh(service, refresh_token, fields, credentials));
      expect(await audienceOf(renewed.access_token)).toBe(OTHER_API);
      refresh_token = renewed.refresh_token;
    }
  });

  test("§2.2 is for the first one that a login named, though it is the client's default", async () => {
    const { refresh_token } = await logIn(service, { resource: API }, credentials);
    const other = await refresh(service, refresh_token, { resource: OTHER_API }, credentials);
    expect(other).toEqual(INVALID_TARGET);
    const renewed = granted(await refresh(service, refresh_token, {}, credentials));
    expect(await audienceOf(renewed.access_token)).toBe(API);
  });

  test("§2.2 is rejected when the client has lost the login's resource, until it is back", async () => {
    const { refresh_token } = await logIn(service, { resource: OTHER_API }, credentials);
    const clientId = credentials.split(":")[0] ?? "";
    await change("clients", clientId, `audience = '${API}'`);
    for (const fields of [{}, { resource: API }, { resource: OTHER_API }] as Fields[]) {
      const refused = await refresh(service, refresh_token, fields, credentials);
      expect(refused).toEqual(INVALID_TARGET);
    }
    await change("clients", clientId, `audience = '${API} ${OTHER_API}'`);
    const renewed = granted(await refresh(service, refresh_token, {}, credentials));
    expect(await audienceOf(renewed.access_token)).toBe(OTHER_API);
  });

  test("§2.2 reaches other Workers by RPC with the login's resource", async () => {
    const { refresh_token } = await logIn(service, { resource: OTHER_API }, credentials);
    const renewed = granted(await refresh(service, refresh_token, {}, credentials));
    for (const consistency of ["fast", "strict"] as const) {
      const verify = (audience: string) => {
        return TOKENS.verify(renewed.access_token, { consistency, audience });
      };
      expect(await verify(OTHER_API)).toMatchObject({ kind: "verified" });
      expect(await verify(API)).toMatchObject({ kind: "invalid_token" });
    }
  });

  test("§2.2 can be for another resource at each refresh of a login that named none", async () => {
    const { refresh_token } = await logIn(service, {}, credentials);
    const foreign = { resource: "https://third.example.com" };
    expect(await refresh(service, refresh_token, foreign, credentials)).toEqual(INVALID_TARGET);
    const renewed = await refresh(service, refresh_token, { resource: OTHER_API }, credentials);
    expect(await audienceOf(granted(renewed).access_token)).toBe(OTHER_API);
    const again = await refresh(service, granted(renewed).refresh_token, {}, credentials);
    expect(await audienceOf(granted(again).access_token)).toBe(API);
  });

  test.each([
    ["that the client is not registered for", "https://third.example.com"],
    ["that is no absolute URI", "api.example.com"],
    ["with a fragment", `${API}#part`],
    ["with two slashes more", `${API}//`],
    ["that is an empty query more", `${API}/?`],
    ["in another case", API.toUpperCase()],
    ["on a path below a registered one", `${API}/things`],
    ["that only begins like a registered one", `${API}.evil.example`],
    ["that is two with a space between", `${API} ${OTHER_API}`],
  ])("§2 is rejected for a resource %s", async (_, resource) => {
    expect(await ask(service, { ...LOGIN, resource }, credentials)).toEqual(INVALID_TARGET);
  });
});

describe("an origin is the same with the one slash that URL parsers add, or without", () => {
  const SLASH = "https://slash.example.com";
  beforeAll(async () => {
    const grant_types = ["password", "refresh_token", "client_credentials"];
    const slash = { client_id: "slash", client_secret: "secret", grant_types };
    await service.register({ clients: [{ ...slash, audience: [`${SLASH}/`, `${API}/mcp`] }] });
  });

  test.each([SLASH, `${SLASH}/`])("%s at every grant: `aud` is as registered", async (resource) => {
    const { access_token, refresh_token } = await logIn(service, { resource }, "slash:secret");
    expect(await audienceOf(access_token)).toBe(`${SLASH}/`);
    const fields = { grant_type: "client_credentials", resource };
    const own = granted(await ask(service, fields, "slash:secret"));
    expect(await audienceOf(own.access_token)).toBe(`${SLASH}/`);
    for (const again of [SLASH, `${SLASH}/`, ""]) {
      const login = await logIn(service, { resource }, "slash:secret");
      const renewed = await refresh(
        service,
        login.refresh_token,
        { resource: again },
        "slash:secret",
      );
      expect(await audienceOf(granted(renewed).access_token)).toBe(`${SLASH}/`);
    }
    const other = { resource: `${API}/mcp` };
    const refused = await refresh(service, refresh_token, other, "slash:secret");
    expect(refused).toEqual(INVALID_TARGET);
  });

  test("but not a path", async () => {
    const login = { ...LOGIN, resource: `${API}/mcp/` };
    expect(await ask(service, login, "slash:secret")).toEqual(INVALID_TARGET);
  });
});

const MCP = "https://mcp.example.com";

/** Where the APIs for every client are listed. The settings of a service that knows them. */
const LISTS: [string, settings: Overrides, stored: Record<string, string>][] = [
  ["the setting RESOURCES", { RESOURCES: { [MCP]: "read", [OTHER_API]: ["read", "write"] } }, {}],
  ["the management API", {}, { [MCP]: "read", [OTHER_API]: "read write" }],
  ["both", { RESOURCES: { [MCP]: "read" } }, { [`${MCP}/`]: "write", [OTHER_API]: "read write" }],
];

describe.each(LISTS)("an API of %s", (_, settings, stored) => {
  const open = createService(settings);

  beforeAll(async () => {
    for (const [uri, scope] of Object.entries(stored)) await setResource(uri, { scope });
  });
  afterAll(() => env.DB.exec("DELETE FROM resources"));

  test.each(["client:secret", OPAQUE_CLIENT, JWT_CLIENT])("is for %s too", async (credentials) => {
    const { access_token, refresh_token, scope } = await logIn(
      open,
      { resource: `${MCP}/` },
      credentials,
    );
    expect(await audienceOf(access_token)).toBe(MCP);
    expect(scope).toBe("read");
    const renewed = granted(await refresh(open, refresh_token, {}, credentials));
    expect([await audienceOf(renewed.access_token), renewed.scope]).toEqual([MCP, "read"]);
  });

  test("has no other scopes, apart from those of OpenID Connect", async () => {
    for (const [scope, status] of [
      ["read openid", 200],
      ["read write", 400],
    ] as const) {
      const answer = await ask(open, { ...LOGIN, resource: MCP, scope });
      expect(answer).toMatchObject({ status });
    }
    const own = { grant_type: "client_credentials", resource: OTHER_API };
    expect(granted(await ask(open, own)).scope).toBe("read write");
  });

  test("does not limit tokens that are not for it", async () => {
    expect(await logIn(open)).toMatchObject({ scope: "read write groups" });
    const { access_token, scope } = await logIn(open, {}, JWT_CLIENT);
    expect([await audienceOf(access_token), scope]).toEqual([API, "read write groups"]);
  });

  test("narrows a token of a wider login, and the next is wide again", async () => {
    const { refresh_token } = await logIn(open, {}, JWT_CLIENT);
    const narrow = granted(await refresh(open, refresh_token, { resource: MCP }, JWT_CLIENT));
    expect([await audienceOf(narrow.access_token), narrow.scope]).toEqual([MCP, "read"]);
    const wide = granted(await refresh(open, narrow.refresh_token, {}, JWT_CLIENT));
    expect([await audienceOf(wide.access_token), wide.scope]).toEqual([API, "read write groups"]);
  });
});

test("the metadata has the APIs of RESOURCES", async () => {
  const open = createService({ RESOURCES: `${MCP} ${OTHER_API}` });
  const response = await open.fetch("/.well-known/oauth-authorization-server");
  expect(await response.json()).toMatchObject({ protected_resources: [MCP, OTHER_API] });
});

test("an API that the management API removes ends, and works again when it is added", async () => {
  await setResource(MCP, {});
  const { access_token, refresh_token, scope } = await logIn(service, { resource: MCP });
  expect(scope).toBe("read write groups");
  await manage("DELETE", `/admin/resources/${encodeURIComponent(`${MCP}/`)}`);
  expect(await ask(service, { ...LOGIN, resource: MCP })).toEqual(INVALID_TARGET);
  expect(await refresh(service, refresh_token)).toEqual(INVALID_TARGET);
  // What was issued before is valid until it expires.
  expect(await audienceOf(access_token)).toBe(MCP);
  await setResource(MCP, { scope: "read" });
  expect(granted(await refresh(service, refresh_token)).scope).toBe("read");
  await env.DB.exec("DELETE FROM resources");
});

test("§2 two resources at once are rejected: a token has one audience", async () => {
  const body = new URLSearchParams([...Object.entries(LOGIN), ["resource", API]]);
  body.append("resource", OTHER_API);
  expect(await post(service, body, basic(JWT_CLIENT))).toEqual(invalidRequest());
});

test("§2.2 the client's own token is for its resource too", async () => {
  const fields = { grant_type: "client_credentials", resource: OTHER_API };
  const { access_token } = granted(await ask(service, fields, JWT_CLIENT));
  expect(await audienceOf(access_token)).toBe(OTHER_API);
});

test("§2 a client that is registered for no resource can name none, and has tokens without", async () => {
  expect(await ask(service, { ...LOGIN, resource: API })).toEqual(INVALID_TARGET);
  const { access_token } = await logIn(service);
  expect(await audienceOf(access_token)).toBeUndefined();
});

test("§2 the user's password is checked before the resource", async () => {
  const fields = { ...LOGIN, password: "wrong", resource: "https://third.example.com" };
  expect(await ask(service, fields, JWT_CLIENT)).toMatchObject({
    body: { error: "invalid_grant" },
  });
});
