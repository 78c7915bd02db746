import { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { type BearerOptions, bearer, type Verifier } from "../../src/resource-server/bearer.ts";
import { API, JWT_CLIENT, registerCheckers, revoke, TOKENS } from "../support/checks.ts";
import { ask, granted, logIn } from "../support/requests.ts";
import { answerOf, type WholeAnswer } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});

/** A small API behind the middleware, with the service's own entrypoint for a verifier. */
function api(options: Partial<BearerOptions & { audience: string | null }> = {}) {
  const app = new Hono();
  const defaults = { verifier: () => TOKENS, scope: "read", audience: null, development: false };
  const guard = bearer({ ...defaults, ...options });
  app.all("/things", guard, (context) => context.json(context.get("token")));
  app.get("/open", (context) => context.json("open"));
  return async (headers: HeadersInit = {}, path = "/things", init: RequestInit = {}) => {
    return answerOf(await app.request(path, { headers, ...init }));
  };
}

function by(token: string, scheme = "Bearer"): HeadersInit {
  return { Authorization: `${scheme} ${token}` };
}

/** A refusal of the API, with exactly this challenge. */
function challenged(status: number, challenge: string, error?: string): WholeAnswer {
  const headers = {
    "www-authenticate": challenge,
    "access-control-expose-headers": "WWW-Authenticate",
  };
  return error === undefined
    ? { status, headers, body: null }
    : { status, headers: { ...headers, "content-type": "application/json" }, body: { error } };
}

const NO_CREDENTIALS = challenged(401, 'Bearer realm="api"');
const MALFORMED = challenged(400, 'Bearer realm="api", error="invalid_request"', "invalid_request");
const INVALID = challenged(401, 'Bearer realm="api", error="invalid_token"', "invalid_token");

describe("a token in the header", () => {
  test.each(["Bearer", "bearer", "BEARER", "Bearer "])("§2.1 is taken after %j", async (scheme) => {
    const { access_token } = await logIn(service, { scope: "read" });
    expect(await api()(by(access_token, scheme))).toMatchObject({ status: 200 });
  });

  test("§2.1 is handed to the route, verified", async () => {
    const { access_token } = await logIn(service, { scope: "read write" }, JWT_CLIENT);
    expect(await api({ audience: API })(by(access_token))).toMatchObject({
      status: 200,
      body: {
        clientId: "jwt",
        subject: expect.any(String),
        scope: ["read", "write"],
        audience: API,
        claims: {},
        expiresAt: expect.any(Number),
      },
    });
  });

  test("§2.1 of a client for itself has no subject", async () => {
    const own = granted(await ask(service, { grant_type: "client_credentials" }));
    expect(await api()(by(own.access_token))).toMatchObject({ body: { subject: null } });
  });

  test.each(["", " ", "two tokens", "a\tb"])("§2.1 is not one token: %j", async (token) => {
    expect(await api()(by(token))).toEqual(MALFORMED);
  });

  test.each(["a,b", '"quoted"', "tok=en", "a?b", "=", "user:grant:secret", "\u00fc"])(
    "§3.1 is an invalid token, whatever its characters: %j",
    async (token) => {
      expect(await api()(by(token))).toEqual(INVALID);
    },
  );
});

describe("a token elsewhere", () => {
  test("§2.2 in a form body is not looked at", async () => {
    const { access_token } = await logIn(service);
    const body = new URLSearchParams({ access_token });
    expect(await api()({}, "/things", { method: "POST", body })).toEqual(NO_CREDENTIALS);
  });

  test("§2.3 in the query is not looked at", async () => {
    const { access_token } = await logIn(service);
    expect(await api()({}, `/things?access_token=${access_token}`)).toEqual(NO_CREDENTIALS);
    const both = await api()(by("forged"), `/things?access_token=${access_token}`);
    expect(both).toEqual(INVALID);
  });

  test("§2.3 in a cookie is not looked at", async () => {
    const { access_token } = await logIn(service);
    expect(await api()({ Cookie: `access_token=${access_token}` })).toEqual(NO_CREDENTIALS);
  });
});

describe("a challenge", () => {
  test("§3 names the realm that the API has", async () => {
    const answer = await api({ realm: "things" })();
    expect(answer).toEqual(challenged(401, 'Bearer realm="things"'));
  });

  test("§3.1 has no error code when no credentials were sent", async () => {
    expect(await api()()).toEqual(NO_CREDENTIALS);
    expect(await api()(by("YTpi", "Basic"))).toEqual(NO_CREDENTIALS);
    expect(await api()(by("token", "Bearerish"))).toEqual(NO_CREDENTIALS);
    expect(await api()(by("token", "DPoP"))).toEqual(NO_CREDENTIALS);
  });

  test("§3.1 is invalid_request for a header that is no token", async () => {
    expect(await api()({ Authorization: "Bearer" })).toEqual(MALFORMED);
    expect(await api()(by("a, Bearer b"))).toEqual(MALFORMED);
  });

  test.each<[string, () => Promise<string>]>([
    ["forged", async () => "forged"],
    ["a refresh token", async () => (await logIn(service)).refresh_token],
    [
      "revoked",
      async () => {
        const { access_token } = await logIn(service);
        await revoke(service, access_token, CLIENT);
        return access_token;
      },
    ],
  ])("§3.1 is invalid_token for a token that is %s", async (_, make) => {
    expect(await api()(by(await make()))).toEqual(INVALID);
  });

  test("§3.1 is invalid_token for another API's token", async () => {
    const { access_token } = await logIn(service, {}, JWT_CLIENT);
    expect(await api({ audience: "https://other.example" })(by(access_token))).toEqual(INVALID);
    const { access_token: withoutAudience } = await logIn(service);
    expect(await api({ audience: API })(by(withoutAudience))).toEqual(INVALID);
  });

  test.each([
    ["write", "read", "write"],
    ["read write", "read", "read write"],
    ["Read", "read", "Read"],
  ])("§3.1 is insufficient_scope for %j with a token for %j, and names it", async (...names) => {
    const [required, scope, named] = names;
    const { access_token } = await ask(service, { ...LOGIN, scope }).then(granted);
    expect(await api({ scope: required })(by(access_token))).toEqual(
      challenged(
        403,
        `Bearer realm="api", error="insufficient_scope", scope="${named}"`,
        "insufficient_scope",
      ),
    );
  });
});

describe("a guarded route", () => {
  test("§3.1 asks for every scope that it names, in any order, and for no more", async () => {
    const { access_token } = await logIn(service, { scope: "read write" });
    for (const scope of ["read", "write", "write read", " read  write ", ""]) {
      expect(await api({ scope })(by(access_token))).toMatchObject({ status: 200 });
    }
  });

  test("§3.1 leaves other routes alone", async () => {
    expect(await api()({}, "/open")).toMatchObject({ status: 200 });
  });

  const broken: Verifier = {
    verify: () => Promise.reject(new Error("The Worker could not be reached")),
  };
  const unknowing: Verifier = { verify: async () => ({ kind: "unavailable" }) };
  test.each([
    ["throws", broken],
    ["cannot tell", unknowing],
  ])("§3.1 is 503 and no challenge when the verifier %s", async (_, verifier) => {
    const answer = await api({ verifier: () => verifier })(by("token"));
    expect(answer).toEqual({
      status: 503,
      headers: { "content-type": "application/json", "retry-after": "1" },
      body: { error: "temporarily_unavailable" },
    });
  });

  test("§5.3 asks the service exactly when it is told to", async () => {
    const { access_token } = await logIn(service, {}, JWT_CLIENT);
    await revoke(service, access_token, JWT_CLIENT);
    expect(await api()(by(access_token))).toMatchObject({ status: 200 });
    expect(await api({ consistency: "strict" })(by(access_token))).toEqual(INVALID);
  });
});
