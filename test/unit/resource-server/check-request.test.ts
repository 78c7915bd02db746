import { Hono } from "hono";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  bearer,
  type CheckOptions,
  checkRequest,
  createJwksVerifier,
  protectedResource,
  type Verifier,
} from "../../../src/resource-server/bearer.ts";
import { decide } from "../../../src/resource-server/verification.ts";
import { createTestIssuer, type TestIssuer } from "../../../src/testing/index.ts";

const RESOURCE = "https://mcp.example.com/mcp";
const METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
const NOTES = protectedResource({
  resource: RESOURCE,
  authorizationServers: ["https://login.example.com"],
  scopes: "read write",
});
const TOKEN = { clientId: "web", subject: "ada", claims: {}, expiresAt: 1 };

/** Finds each token valid, for this API, with the scope `read`. */
const verifier: Verifier = {
  verify: async (_, requirements) => {
    return decide({ ...TOKEN, scope: ["read"], audience: RESOURCE }, requirements);
  },
};

function requestWith(authorization?: string, url = RESOURCE): Request {
  return new Request(url, authorization ? { headers: { Authorization: authorization } } : {});
}

/** Checks a request as a plain function, and as Hono middleware. */
const CHECKS = {
  checkRequest: (request: Request, options: CheckOptions) => checkRequest(request, options),
  bearer: async (request: Request, options: CheckOptions) => {
    const app = new Hono<{ Variables: { token: { subject: string | null } } }>();
    app.use(bearer({ ...options, verifier: () => options.verifier }));
    app.all("*", (context) => context.json(context.get("token")));
    const response = await app.request(request);
    return response.ok && !request.url.includes("well-known")
      ? ((await response.json()) as { subject: string })
      : response;
  },
};

describe.each(Object.entries(CHECKS))("with metadata, %s", (_, check) => {
  const options: CheckOptions = { resource: NOTES, scope: "read", verifier, development: false };
  const challengeOf = async (authorization?: string, more: Partial<CheckOptions> = {}) => {
    const access = await check(requestWith(authorization), { ...options, ...more } as CheckOptions);
    if (!(access instanceof Response)) throw new Error("The request was accepted");
    expect(access.headers.get("Access-Control-Expose-Headers")).toBe("WWW-Authenticate");
    return [access.status, access.headers.get("WWW-Authenticate")];
  };

  test("returns the token", async () => {
    expect(await check(requestWith("Bearer x"), options)).toMatchObject({ subject: "ada" });
  });

  test("names the metadata and the scope in each challenge", async () => {
    const rest = `scope="read", resource_metadata="${METADATA}"`;
    expect(await challengeOf()).toEqual([401, `Bearer realm="api", ${rest}`]);
    const invalid: Verifier = { verify: async () => ({ kind: "invalid_token" }) };
    expect(await challengeOf("Bearer x", { verifier: invalid })).toEqual([
      401,
      `Bearer realm="api", error="invalid_token", ${rest}`,
    ]);
  });

  test("names all scopes of the operation in a 403", async () => {
    expect(await challengeOf("Bearer x", { scope: "read write" })).toEqual([
      403,
      'Bearer realm="api", error="insufficient_scope", scope="read write", ' +
        `resource_metadata="${METADATA}"`,
    ]);
  });

  test("never names offline_access, which is not a scope of an API", async () => {
    const [, challenge] = await challengeOf("Bearer x", { scope: "write offline_access" });
    expect(challenge).toContain('scope="write"');
  });

  test("serves the metadata, if the request is for it", async () => {
    const access = await check(new Request(METADATA), options);
    expect(access).toMatchObject({ status: 200 });
  });
});

test("bearer() reads the scope from the request", async () => {
  const app = new Hono();
  const scope = async ({ req }: { req: { json(): Promise<{ tool: string }> } }) => {
    return (await req.json()).tool === "add" ? "write" : "read";
  };
  app.post("/mcp", bearer({ resource: NOTES, scope, verifier: () => verifier }), (context) => {
    return context.json(context.get("token").subject);
  });
  const call = (tool: string) => {
    const headers = { Authorization: "Bearer x" };
    return app.request(RESOURCE, { method: "POST", headers, body: JSON.stringify({ tool }) });
  };
  expect((await call("list")).status).toBe(200);
  expect((await call("add")).status).toBe(403);
});

describe("a mistake in the options is a TypeError:", () => {
  test.each<[string, object]>([
    ["no audience", {}],
    ["an audience that is undefined", { audience: undefined }],
    ["an audience that is empty", { audience: "" }],
    ["a resource that is undefined", { resource: undefined }],
    ["both", { audience: RESOURCE, resource: NOTES }],
    ["a scope that is undefined", { audience: RESOURCE, scope: undefined }],
    ["a scope that is null", { audience: RESOURCE, scope: null }],
    ["a consistency that is undefined", { audience: RESOURCE, consistency: undefined }],
    ["a scope that is malformed", { audience: RESOURCE, scope: 'a"b' }],
  ])("%s", async (_, wrong) => {
    const options = { verifier, ...wrong } as unknown as CheckOptions;
    await expect(checkRequest(requestWith("Bearer x"), options)).rejects.toThrow(TypeError);
    expect(() => bearer({ ...options, verifier: () => verifier })).toThrow(TypeError);
  });

  test("the message for a missing audience says what to do", () => {
    const options = { verifier: () => verifier } as unknown as Parameters<typeof bearer>[0];
    expect(() => bearer(options)).toThrow(/set either `audience`.*`audience: null`/);
  });
});

describe("in development, the console gets the reason", () => {
  function spyOnWarnings() {
    const spy = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    onTestFinished(() => spy.mockRestore());
    return () => spy.mock.calls.map(([message]) => String(message));
  }

  /** Checks a request for an API that no other test uses: each message is written once. */
  async function warningsOf(
    name: string,
    token: (issuer: TestIssuer, audience: string) => Promise<string | undefined>,
    more: { url?: string; scope?: string; issuer?: string } = {},
  ): Promise<string[]> {
    const warnings = spyOnWarnings();
    const audience = `https://${name}.example.com`;
    const issuer = await createTestIssuer(`https://issuer.${name}.example.com`);
    vi.stubGlobal("fetch", async () => Response.json(issuer.jwks));
    onTestFinished(() => void vi.unstubAllGlobals());
    const expected = { issuer: more.issuer ?? issuer.issuer, audience };
    const sent = await token(issuer, audience);
    const { url = "http://localhost:8788/", scope = "" } = more;
    for (const _ of ["first", "second"]) {
      await checkRequest(requestWith(sent && `Bearer ${sent}`, url), {
        audience,
        scope,
        verifier: createJwksVerifier(expected),
      });
    }
    for (const warning of warnings()) if (sent) expect(warning).not.toContain(sent);
    return warnings();
  }

  const good = (issuer: TestIssuer, audience: string) => issuer.token({ audience, scope: "read" });

  test.each<[string, Parameters<typeof warningsOf>, string]>([
    ["no token", ["none", async () => undefined], "has no Authorization header."],
    [
      "a token in the query",
      ["query", async () => undefined, { url: "http://127.0.0.1/?access_token=x" }],
      "a token in the query is never read",
    ],
    ["a malformed header", ["malformed", async () => "a b"], "is not Bearer and one token"],
    ["an opaque token", ["opaque", async () => "tga_x"], "is not a JWT"],
    [
      "another audience",
      ["audience", ({ token }) => token({ audience: "https://other.example.com" })],
      'the token is for "https://other.example.com", not for "https://audience.example.com"',
    ],
    [
      "an expired token",
      ["expired", ({ token }, audience) => token({ audience, ageSeconds: 7200 })],
      "the token has expired",
    ],
    [
      "another key",
      ["key", async ({ issuer }, audience) => good(await createTestIssuer(issuer), audience)],
      "no applicable key",
    ],
    [
      "another issuer",
      ["iss", good, { issuer: "https://x.example.com" }],
      'is of the issuer "https://issuer.iss.example.com", not of "https://x.example.com"',
    ],
    [
      "a missing scope",
      ["scope", good, { scope: "read write" }],
      'the token has the scope "read", not "read write"',
    ],
  ])("for %s, once and without the token", async (_, args, reason) => {
    expect(await warningsOf(...args)).toEqual([expect.stringContaining(reason)]);
  });

  test("and in production it does not", async () => {
    const production = { url: "https://api.example.com/" };
    expect(await warningsOf("production", async () => undefined, production)).toEqual([]);
  });

  test("unless the option asks for it, or against it", async () => {
    const warnings = spyOnWarnings();
    for (const development of [true, false]) {
      const audience = `https://option-${development}.example.com`;
      const url = development ? audience : "http://localhost/";
      await checkRequest(requestWith("", url), { audience, verifier, development });
    }
    expect(warnings()).toEqual([expect.stringContaining("option-true")]);
  });
});
