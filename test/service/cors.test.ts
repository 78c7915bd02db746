import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createRegistry } from "../../src/storage/registry.ts";
import { type Cost, createCountedService } from "../support/counting.ts";
import { captureErrors } from "../support/faulty.ts";
import { failingBindings, interceptBindings } from "../support/interception.ts";
import { basic } from "../support/requests.ts";
import { UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";

const service = createService();
const APP = "https://app.example.com";
const SECOND = "https://second.example.com";
const OTHERS = "https://others.example.com";

/** Where pages of registered origins may call. */
const SHARED = ["/o/token/", "/o/revoke_token/"];

const PUBLIC = [
  "/.well-known/oauth-authorization-server",
  "/o/.well-known/oauth-authorization-server",
  "/o/.well-known/jwks.json",
];

beforeAll(async () => {
  await registerDefaults(service);
  const page = { token_endpoint_auth_method: "none" };
  await service.register({
    clients: [
      { ...page, client_id: "page", allowed_origins: [APP, SECOND] },
      { ...page, client_id: "others", allowed_origins: [OTHERS] },
      { ...page, client_id: "off", allowed_origins: ["https://off.example.com"], disabled: true },
    ],
  });
});

/** Origins that are on no client's list in this spelling. */
const FOREIGN = [
  "https://evil.example",
  "null",
  "*",
  "",
  "http://app.example.com",
  "https://app.example.com:8443",
  "https://app.example.com/",
  "https://APP.example.com",
  "https://app.example.co",
  "https://app.example.com.evil.example",
  "https://evil.example?https://app.example.com",
  "app.example.com",
  "https://%.example.com",
  "https://off.example.com",
];

/** The headers of a response that CORS is about. */
function corsHeaders({ headers }: Response): Record<string, string> {
  const names = [...headers].filter(([name]) => name.startsWith("access-control-"));
  const vary = headers.get("Vary");
  return Object.fromEntries(vary === null ? names : [...names, ["vary", vary]]);
}

function preflight(path: string, origin: string | null, from: Service = service) {
  const headers: Record<string, string> = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
  };
  if (origin !== null) headers["Origin"] = origin;
  return from.fetch(path, { method: "OPTIONS", headers });
}

function call(path: string, origin: string, fields: object, headers: HeadersInit = {}) {
  const body = new URLSearchParams({ ...fields });
  return service.fetch(path, { method: "POST", headers: { ...headers, Origin: origin }, body });
}

const granted = (origin: string) => ({ "access-control-allow-origin": origin, vary: "Origin" });

const allowed = (origin: string) => ({
  ...granted(origin),
  "access-control-expose-headers": "Retry-After, X-Request-Id, WWW-Authenticate",
});

describe.each(SHARED)("a preflight for %s", (path) => {
  test.each([APP, SECOND, OTHERS])("is granted to an origin of any client: %s", async (origin) => {
    for (const spelling of [path, path.replace(/\/$/, "")]) {
      const answer = await preflight(spelling, origin);
      expect(answer).toMatchObject({ status: 204, body: null });
      expect(answer.headers.get("Allow")).toBe("POST, OPTIONS");
      expect(corsHeaders(answer)).toEqual({
        ...granted(origin),
        "access-control-allow-methods": "POST, OPTIONS",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": "600",
      });
    }
  });

  test.each([
    ["traceparent", "traceparent"],
    ["x-requested-with,content-type", "x-requested-with, content-type"],
    [" a ,, b c, d\te, x_1!#$%&'*+.^`|~ ", "a, x_1!#$%&'*+.^`|~"],
    ["", "Authorization, Content-Type, Idempotency-Key"],
    ["(), :", "Authorization, Content-Type, Idempotency-Key"],
    [null, "Authorization, Content-Type, Idempotency-Key"],
  ])("that asks for the headers %j allows %j", async (asked, told) => {
    const headers = new Headers({ Origin: APP, "Access-Control-Request-Method": "POST" });
    if (asked !== null) headers.set("Access-Control-Request-Headers", asked);
    const answer = await service.fetch(path, { method: "OPTIONS", headers });
    expect(answer.headers.get("Access-Control-Allow-Headers")).toBe(told);
  });

  test.each(FOREIGN)("has no CORS header for %j", async (origin) => {
    const answer = await preflight(path, origin);
    expect(answer.status).toBe(204);
    expect(corsHeaders(answer)).toEqual({});
  });

  test("without an origin says the methods, and looks nothing up", async () => {
    const { service: counted, costOf } = createCountedService();
    const { answer, cost } = await costOf(() => preflight(path, null, counted));
    expect([answer.status, answer.headers.get("Allow")]).toEqual([204, "POST, OPTIONS"]);
    expect(corsHeaders(answer)).toEqual({});
    expect(cost).toEqual({});
  });

  test("costs one look-up", async () => {
    const { service: counted, costOf } = createCountedService();
    const { cost } = await costOf(() => preflight(path, APP, counted));
    expect(cost).toEqual({ "d1.batch": 1 });
  });
});

describe("a response", () => {
  test("of the token endpoint can be read by its client's pages", async () => {
    const fields = { ...LOGIN, client_id: "page" };
    for (const origin of [APP, SECOND]) {
      const answer = await call("/o/token/", origin, fields);
      expect(answer.status).toBe(200);
      expect(corsHeaders(answer)).toEqual(allowed(origin));
    }
  });

  test("of the revocation endpoint can be read by its client's pages", async () => {
    const answer = await call("/o/revoke_token/", APP, { token: "unknown", client_id: "page" });
    expect(answer.status).toBe(200);
    expect(corsHeaders(answer)).toEqual(allowed(APP));
  });

  test.each([
    ["a wrong password", { ...LOGIN, password: "wrong" }, 400],
    ["a dead refresh token", { grant_type: "refresh_token", refresh_token: "dead" }, 400],
    ["a secret that there is none of", { ...LOGIN, client_secret: "secret" }, 401],
  ])("that rejects %s can be read too", async (_, fields, status) => {
    const answer = await call("/o/token/", APP, { ...fields, client_id: "page" });
    expect(answer.status).toBe(status);
    expect(corsHeaders(answer)).toEqual(allowed(APP));
  });

  test.each(SHARED)(
    "of %s can be read whatever was wrong before the client was known",
    async (path) => {
      const form = { "Content-Type": "application/x-www-form-urlencoded" };
      const cases: [number, string, RequestInit][] = [
        [400, "?x=y", { method: "POST", body: "x=1", headers: form }],
        [400, "", { method: "POST", body: "", headers: form }],
        [400, "", { method: "POST", body: "grant_type=refresh_token", headers: form }],
        [400, "", { method: "POST", body: "x=1&x=2", headers: form }],
        [400, "", { method: "POST", body: "{", headers: { "Content-Type": "application/json" } }],
        [405, "", { method: "GET" }],
        [405, "", { method: "DELETE" }],
        [413, "", { method: "POST", body: "x".repeat(20_000), headers: form }],
        [415, "", { method: "POST", body: "x", headers: { "Content-Type": "text/plain" } }],
        [415, "", { method: "POST", body: "x", headers: { ...form, "Content-Encoding": "gzip" } }],
      ];
      for (const [status, query, init] of cases) {
        for (const origin of [APP, OTHERS, "https://evil.example"]) {
          const { service: counted, costOf } = createCountedService();
          const headers = { ...init.headers, Origin: origin };
          const { answer, cost } = await costOf(() => {
            return counted.fetch(path + query, { ...init, headers });
          });
          expect(answer.status).toBe(status);
          expect(corsHeaders(answer)).toEqual(origin.includes("evil") ? {} : allowed(origin));
          expect(cost).toEqual({ "d1.batch": 1 });
          const bare = await costOf(() => counted.fetch(path + query, init));
          expect([bare.answer.status, bare.cost]).toEqual([status, {}]);
        }
      }
    },
  );

  test("costs no operation more for being asked by a page", async () => {
    const { service: counted, costOf } = createCountedService();
    const fields = { ...LOGIN, client_id: "page", password: "wrong" };
    const costs: Cost[] = [];
    for (const headers of [{}, { Origin: APP }, { Origin: "https://evil.example" }]) {
      const { cost } = await costOf(() => {
        return counted.fetch("/o/token/", {
          ...{ method: "POST", headers },
          body: new URLSearchParams(fields),
        });
      });
      costs.push(cost);
    }
    expect(costs[1]).toEqual(costs[0]);
    expect(costs[2]).toEqual(costs[0]);
  });

  test("that says to wait can be read, and how long", async () => {
    const crowded = createService({
      RATE_LIMITS: "on",
      ADDRESS_RATE_LIMIT: { limit: async () => ({ success: false }) },
    });
    for (const origin of [APP, "https://evil.example"]) {
      const headers = { Origin: origin, "CF-Connecting-IP": "192.0.2.1" };
      const body = new URLSearchParams({ ...LOGIN, client_id: "page" });
      const answer = await crowded.fetch("/o/token/", { method: "POST", headers, body });
      expect([answer.status, answer.headers.get("Retry-After")]).toEqual([429, "10"]);
      expect(corsHeaders(answer)).toEqual(origin === APP ? allowed(APP) : {});
    }
  });

  test.each([OTHERS, ...FOREIGN])("has no CORS header for %j", async (origin) => {
    const answer = await call("/o/token/", origin, { ...LOGIN, client_id: "page" });
    expect(answer.status).toBe(200);
    expect(corsHeaders(answer)).toEqual({});
  });

  test("has no CORS header for a client without origins", async () => {
    const confidential = await call("/o/token/", APP, LOGIN, basic("client:secret"));
    expect(confidential.status).toBe(200);
    expect(corsHeaders(confidential)).toEqual({});
  });

  test("does not tell by CORS which clients there are", async () => {
    const none = await call("/o/token/", APP, LOGIN);
    for (const id of ["nobody", "client", "public", "page", "others", "off"]) {
      for (const origin of [APP, "https://evil.example"]) {
        const wrong = basic(`${id}:wrong`);
        const refused = await call("/o/token/", origin, LOGIN, wrong);
        expect(refused.status).toBe(401);
        expect(corsHeaders(refused)).toEqual(origin === APP ? allowed(APP) : {});
        expect(await refused.text()).toBe(await none.clone().text());
      }
    }
  });

  test("has no CORS header at the introspection endpoint", async () => {
    const answer = await call("/o/introspect/", APP, { token: "t", client_id: "page" });
    expect(corsHeaders(answer)).toEqual({});
    const { status, headers } = await preflight("/o/introspect/", APP);
    expect([status, headers.get("Allow")]).toEqual([204, "GET, POST, OPTIONS"]);
    expect(corsHeaders(await preflight("/o/introspect/", APP))).toEqual({});
  });

  test("follows the client's list at once", async () => {
    const fields = { ...LOGIN, client_id: "others" };
    const list = (allowed_origins: string) => {
      const write = { kind: "update_client", clientId: "others", endsSessions: false } as const;
      return createRegistry(env.DB).write([{ ...write, fields: { allowed_origins } }]);
    };
    await list("");
    expect(corsHeaders(await call("/o/token/", OTHERS, fields))).toEqual({});
    expect(corsHeaders(await preflight("/o/token/", OTHERS))).toEqual({});
    await list(OTHERS);
    expect(corsHeaders(await call("/o/token/", OTHERS, fields))).toEqual(allowed(OTHERS));
    expect(corsHeaders(await preflight("/o/token/", OTHERS))).toMatchObject(granted(OTHERS));
  });
});

describe("discovery", () => {
  test.each(PUBLIC)("at %s can be asked by every page with any header", async (path) => {
    for (const origin of [APP, "https://evil.example"]) {
      expect(corsHeaders(await preflight(path, origin))).toEqual({
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, OPTIONS",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": "600",
      });
      const refused = await service.fetch(path, { method: "PUT", headers: { Origin: origin } });
      expect(refused.status).toBe(405);
      expect(corsHeaders(refused)).toEqual({
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "Retry-After, X-Request-Id, WWW-Authenticate",
      });
    }
  });

  test.each(PUBLIC)("at %s can be read by every page", async (path) => {
    for (const headers of [{}, { Origin: APP }, { Origin: "https://evil.example" }] as const) {
      const answer = await service.fetch(path, { headers });
      expect(answer.status).toBe(200);
      expect(corsHeaders(answer)).toEqual({ "access-control-allow-origin": "*" });
    }
  });
});

describe.each([{ REGISTRATION: "open" }, { CIMD: "open" }])("with %j", (vars) => {
  const open = createService(vars);

  test.each([...SHARED, "/o/userinfo/"])("every page can call %s", async (path) => {
    for (const origin of ["https://inspector.example", "http://localhost:6274", "null"]) {
      expect(corsHeaders(await preflight(path, origin, open))).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "authorization",
      });
      const headers = { Origin: origin };
      expect(corsHeaders(await open.fetch(path, { method: "POST", headers }))).toEqual({
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "Retry-After, X-Request-Id, WWW-Authenticate",
      });
    }
  });

  test.each(["/o/authorize/", "/o/account/", "/o/logout/", "/o/introspect/"])(
    "no page can call %s",
    async (path) => {
      const headers = { Origin: APP };
      const responses = [await preflight(path, APP, open), await open.fetch(path, { headers })];
      for (const response of responses) {
        expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      }
    },
  );
});

test("nothing ever allows credentials", async () => {
  const answers = [
    ...(await Promise.all(SHARED.map((path) => preflight(path, APP)))),
    ...(await Promise.all(PUBLIC.map((path) => service.fetch(path, { headers: { Origin: APP } })))),
    await call("/o/token/", APP, { ...LOGIN, client_id: "page" }),
  ];
  for (const { headers } of answers) {
    expect(headers.get("Access-Control-Allow-Origin")).not.toBeNull();
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
    expect(headers.get("Set-Cookie")).toBeNull();
  }
});

describe("when D1 is down", () => {
  captureErrors();

  test("a response can be read by a page that was known before", async () => {
    let isDown = false;
    const failing = createService(
      interceptBindings((operation, proceed) => {
        const fails = isDown && operation.startsWith("d1");
        return fails ? Promise.reject(new Error("down")) : proceed();
      }),
    );
    const send = () => {
      const body = new URLSearchParams({ ...LOGIN, client_id: "page" });
      return failing.fetch("/o/token/", { method: "POST", headers: { Origin: APP }, body });
    };
    expect((await send()).status).toBe(200);
    isDown = true;
    const answer = await send();
    expect(answer.status).toBe(503);
    expect(corsHeaders(answer)).toEqual(allowed(APP));
  });

  test("a preflight is 503 and grants nothing", async () => {
    const failing = createService(failingBindings("d1."));
    const answer = await preflight("/o/token/", APP, failing);
    expect(answer.status).toBe(UNAVAILABLE.status);
    expect(corsHeaders(answer)).toEqual({});
  });
});

test.each([
  ...["capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://localhost"],
  ...["app://-", "app://obsidian.md", "chrome-extension://abcdefghijklmnop", "app://x:8080"],
  ...["http://localhost", "http://localhost:8100", "https://tauri.localhost", "http://[::1]:3000"],
])("a client can be registered with the origin %s, which is compared exactly", async (origin) => {
  const page = { client_id: `page of ${origin}`, token_endpoint_auth_method: "none" };
  await service.register({ clients: [{ ...page, allowed_origins: [origin] }] });
  const fields = { ...LOGIN, client_id: page.client_id };
  expect(corsHeaders(await call("/o/token/", origin, fields))).toEqual(allowed(origin));
  expect(corsHeaders(await preflight("/o/token/", origin))).toMatchObject(granted(origin));
  for (const other of [`${origin}/`, origin.toUpperCase(), `${origin}x`, origin.slice(0, -1)]) {
    expect(corsHeaders(await call("/o/token/", other, fields))).toEqual({});
    expect(corsHeaders(await preflight("/o/token/", other))).toEqual({});
  }
});

test.each([
  ...["*", "null", "https://app.example.com/", "app.example.com", "https://*.example.com"],
  ...["capacitor://*", "capacitor://", "capacitor://localhost/", "capacitor://localhost/x"],
  ...["Capacitor://localhost", "capacitor:localhost", "capacitor://user@host", "file:///x"],
  ...["file://localhost", "data:text/html,x", "javascript://x", "app://a b", "ws://localhost"],
])("a client cannot be registered with the origin %j", async (origin) => {
  const client = { client_id: "odd", client_secret: "s", allowed_origins: [origin] };
  const registered = service.register({ clients: [client] });
  await expect(registered).rejects.toThrow("clients[0].allowed_origins[0]");
});
