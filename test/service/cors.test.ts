import { beforeAll, describe, expect, test } from "vitest";
import { UNAVAILABLE } from "../support/answers.ts";
import { change } from "../support/checks.ts";
import { createCountedService } from "../support/counting.ts";
import { captureErrors } from "../support/faulty.ts";
import { interceptBindings } from "../support/interception.ts";
import { basic } from "../support/requests.ts";
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

/** Origins that stand on no client's list as they are. */
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

/** The headers of an answer that CORS is about. */
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

const allowed = (origin: string) => ({ "access-control-allow-origin": origin, vary: "Origin" });

describe.each(SHARED)("a preflight for %s", (path) => {
  test.each([APP, SECOND, OTHERS])("is granted to an origin of any client: %s", async (origin) => {
    for (const spelling of [path, path.replace(/\/$/, "")]) {
      const answer = await preflight(spelling, origin);
      expect(answer).toMatchObject({ status: 204, body: null });
      expect(answer.headers.get("Allow")).toBe("POST, OPTIONS");
      expect(corsHeaders(answer)).toEqual({
        ...allowed(origin),
        "access-control-allow-methods": "POST, OPTIONS",
        "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
        "access-control-max-age": "600",
      });
    }
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
    expect(cost).toEqual({ "d1.first": 1 });
  });
});

describe("an answer", () => {
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
  ])("that refuses %s can be read too", async (_, fields, status) => {
    const answer = await call("/o/token/", APP, { ...fields, client_id: "page" });
    expect(answer.status).toBe(status);
    expect(corsHeaders(answer)).toEqual(allowed(APP));
  });

  test.each([OTHERS, ...FOREIGN])("has no CORS header for %j", async (origin) => {
    const answer = await call("/o/token/", origin, { ...LOGIN, client_id: "page" });
    expect(answer.status).toBe(200);
    expect(corsHeaders(answer)).toEqual({});
  });

  test("has no CORS header for a client without origins, or unknown", async () => {
    const confidential = await call("/o/token/", APP, LOGIN, basic("client:secret"));
    expect(confidential.status).toBe(200);
    expect(corsHeaders(confidential)).toEqual({});
    const unknown = await call("/o/token/", APP, { ...LOGIN, client_id: "nobody" });
    expect(unknown.status).toBe(401);
    expect(corsHeaders(unknown)).toEqual({});
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
    await change("clients", "others", "allowed_origins = ''");
    expect(corsHeaders(await call("/o/token/", OTHERS, fields))).toEqual({});
    expect(corsHeaders(await preflight("/o/token/", OTHERS))).toEqual({});
    await change("clients", "others", `allowed_origins = '${OTHERS}'`);
    expect(corsHeaders(await call("/o/token/", OTHERS, fields))).toEqual(allowed(OTHERS));
  });
});

describe("discovery", () => {
  test.each(PUBLIC)("at %s can be read by every page", async (path) => {
    for (const headers of [{}, { Origin: APP }, { Origin: "https://evil.example" }] as const) {
      const answer = await service.fetch(path, { headers });
      expect(answer.status).toBe(200);
      expect(corsHeaders(answer)).toEqual({ "access-control-allow-origin": "*" });
    }
  });
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

  test("a preflight is 503 and grants nothing", async () => {
    const failing = createService(
      interceptBindings((operation, proceed) => {
        return operation.startsWith("d1") ? Promise.reject(new Error("down")) : proceed();
      }),
    );
    const answer = await preflight("/o/token/", APP, failing);
    expect(answer.status).toBe(UNAVAILABLE.status);
    expect(corsHeaders(answer)).toEqual({});
  });
});

test.each(["*", "null", "https://app.example.com/", "app.example.com", "https://*.example.com"])(
  "a client cannot be registered with the origin %j",
  async (origin) => {
    const client = { client_id: "odd", client_secret: "s", allowed_origins: [origin] };
    const registered = service.register({ clients: [client] });
    await expect(registered).rejects.toThrow("clients[0].allowed_origins[0]");
  },
);
