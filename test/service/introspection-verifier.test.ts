import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createIntrospectionVerifier,
  type IntrospectionVerifierOptions,
} from "../../src/resource-server/bearer.ts";
import {
  API,
  ISSUER,
  JWT_CLIENT,
  OTHER_API,
  registerCheckers,
  revoke,
  TOKENS,
} from "../support/checks.ts";
import { ask, granted, logIn } from "../support/requests.ts";
import { CLIENT, createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const OPTIONS = {
  endpoint: `${ISSUER}/o/introspect/`,
  clientId: "api:1 +%",
  clientSecret: "se cret+%:ü",
};

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await service.register({
    clients: [
      {
        client_id: OPTIONS.clientId,
        client_secret: OPTIONS.clientSecret,
        grant_types: [],
        scope: "introspection",
      },
    ],
  });
});
afterEach(() => void vi.unstubAllGlobals());

/** A verifier whose requests reach the service. */
function verifier(options: Partial<IntrospectionVerifierOptions> = {}) {
  vi.stubGlobal("fetch", (url: URL, init: RequestInit) => service.fetch(url.pathname, init));
  return createIntrospectionVerifier({ ...OPTIONS, ...options });
}

test.each([
  ["opaque", LOGIN, CLIENT],
  ["JWT", LOGIN, JWT_CLIENT],
  ["of a client for itself", OWN, CLIENT],
])("a token (%s) has the same content as over RPC", async (_, grant, client) => {
  const { access_token } = granted(await ask(service, { ...grant, scope: "read" }, client));
  const requirements = { scope: "read" };
  const verification = await verifier().verify(access_token, requirements);
  expect(verification).toMatchObject({ kind: "verified", token: { scope: ["read"] } });
  expect(verification).toEqual(await TOKENS.verify(access_token, requirements));
});

test("the requirements are checked", async () => {
  const { access_token } = await logIn(service, { scope: "read" }, JWT_CLIENT);
  const kindFor = async (requirements: object) => {
    return (await verifier().verify(access_token, requirements)).kind;
  };
  expect(await kindFor({ audience: API })).toBe("verified");
  expect(await kindFor({ audience: `${API}/` })).toBe("verified");
  expect(await kindFor({ audience: OTHER_API })).toBe("invalid_token");
  expect(await kindFor({ scope: "write" })).toBe("insufficient_scope");
  expect(await kindFor({ scopes: "read" })).toBe("unavailable");
});

test("a revoked or forged token is invalid at once", async () => {
  const { access_token } = await logIn(service);
  await revoke(service, access_token, CLIENT);
  for (const token of [access_token, "forged"]) {
    expect(await verifier().verify(token, {})).toEqual({ kind: "invalid_token" });
  }
});

test("its requests have a User-Agent, which Workers do not add", async () => {
  const asked = verifier();
  const fetched = vi.fn(async (_: URL, init: RequestInit) =>
    Response.json({ active: false, init }),
  );
  vi.stubGlobal("fetch", fetched);
  await asked.verify("token", {});
  expect(new Headers(fetched.mock.calls[0]?.[1].headers).get("User-Agent")).toBe("Tollgate");
});

describe("says nothing about a token", () => {
  test("if its own credentials are wrong", async () => {
    const { access_token } = await logIn(service);
    expect(await verifier({ clientSecret: "wrong" }).verify(access_token, {})).toEqual({
      kind: "unavailable",
      problem: `the introspection endpoint ${OPTIONS.endpoint} responded with 401`,
    });
  });

  test.each<[string, () => Promise<Response>]>([
    ["cannot be reached", () => Promise.reject(new TypeError("network down"))],
    ["redirects", async () => new Response(null, { status: 302 })],
    ["responds with a page", async () => new Response("<html>")],
    ["responds with JSON of another server", async () => Response.json({ status: "sign in" })],
    ["responds with another type", async () => Response.json({ active: "true" })],
  ])("if the service %s", async (_, respond) => {
    const asked = verifier();
    vi.stubGlobal("fetch", respond);
    expect((await asked.verify("token", {})).kind).toBe("unavailable");
  });
});

test.each(["endpoint", "clientId", "clientSecret"])("cannot be created without its %s", (name) => {
  const options = { ...OPTIONS, [name]: undefined } as unknown as IntrospectionVerifierOptions;
  expect(() => createIntrospectionVerifier(options)).toThrow(TypeError);
});
