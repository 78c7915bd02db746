import { FORWARDED_FOR } from "../../src/endpoints/request-context.ts";
import { CALLS_IN_FLIGHT_MAX } from "../../src/isolate.ts";
import { networkOf } from "../../src/protocol/address.ts";
import { type Changes, obtainCode, VERIFIER } from "./browsing.ts";
import { API, JWT_CLIENT, RESOURCE_SERVER } from "./checks.ts";
import { interceptFamilies } from "./families.ts";
import { freshAddress } from "./limited.ts";
import { ask, basic, brokenOff, type Fields, granted, logIn, refresh } from "./requests.ts";
import { CLIENT, createService, LOGIN, type Service } from "./service.ts";

/** A request whose answer must be as it is documented. */
export type Case = () => Promise<Response>;

/** Requests by the status of their response. */
export type Cases = Readonly<Record<number, readonly Case[]>>;

/** Where pages of the client `page` may call from. */
export const PAGE_ORIGIN = "https://app.example.com";

const FORM = "application/x-www-form-urlencoded";
const service = createService();

/** Posts fields; HTTP Basic unless the headers say otherwise. */
function send(
  path: string,
  fields: Fields,
  headers: HeadersInit = basic(CLIENT),
): Promise<Response> {
  return service.fetch(path, { method: "POST", headers, body: new URLSearchParams(fields) });
}

/** Posts a body as it is. */
function sendRaw(path: string, body: BodyInit, type: string): Promise<Response> {
  return service.fetch(path, { method: "POST", headers: { "Content-Type": type }, body });
}

/** What any endpoint that takes a body answers to one that is wrong in itself. */
function bodyCases(path: string, whole: Fields): Cases {
  const many = Array.from({ length: 65 }, (_, index) => `p${index}=x`).join("&");
  return {
    400: [
      () => send(`${path}?a=b`, whole),
      () => sendRaw(path, many, FORM),
      () => sendRaw(path, "a=1&a=2", FORM),
      () => sendRaw(path, "a=%ff", FORM),
      () => sendRaw(path, "[]", "application/json"),
      () => sendRaw(path, "x", "multipart/form-data; boundary=y"),
      () => sendRaw(path, brokenOff("a=1"), FORM),
      () => send(path, { ...whole, client_id: "client", client_secret: "another" }),
    ],
    401: [() => send(path, whole, {}), () => send(path, whole, basic("client:wrong"))],
    413: [() => sendRaw(path, "x".repeat(20_000), FORM)],
    415: [
      () => sendRaw(path, "x", "text/plain"),
      () => send(path, whole, { "Content-Encoding": "gzip" }),
    ],
  };
}

/** The response while as many calls as may be wait for one family. */
function crowded(
  request: (other: Service, tokens: { access: string; refresh: string }) => unknown,
  settings: Record<string, string> = {},
) {
  return async (): Promise<Response> => {
    const gate = Promise.withResolvers<void>();
    const full = Promise.withResolvers<void>();
    let arrived = 0;
    let isShut = false;
    const families = interceptFamilies(async (_, proceed) => {
      if (!isShut) return proceed();
      arrived += 1;
      if (arrived === CALLS_IN_FLIGHT_MAX) full.resolve();
      await gate.promise;
      return proceed();
    });
    const other = createService({ ...families, ...settings });
    const { access_token, refresh_token } = await logIn(other);
    isShut = true;
    const waiting = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () =>
      refresh(other, refresh_token),
    );
    await full.promise;
    const answer = (await request(other, {
      access: access_token,
      refresh: refresh_token,
    })) as Response;
    gate.resolve();
    await Promise.all(waiting);
    return answer;
  };
}

/** Exchanges a new code with other fields. */
function redeemed(fields: Record<string, string>, changes: Changes = {}): Case {
  return async () => {
    const code = await obtainCode(service, changes);
    const all = { grant_type: "authorization_code", code, code_verifier: VERIFIER, ...fields };
    return send("/o/token/", all, basic("web:secret"));
  };
}

/** A service that limits addresses. */
const limited = createService({
  RATE_LIMITS: "on",
  MANAGEMENT_API: "on",
  REGISTRATION: "token",
});

/** More calls than the binding of wrangler.toml allows in one period. */
const FLOOD = 101;

/** A period may end between the flood and the request; not twice in a row, unless by chance. */
const ROUNDS_MAX = 10;

/**
 * The answer to an address that asks too much. The binding is called directly, all at once: so many
 * requests could take longer than a period, which would begin the count anew.
 */
export function flooded(path: string, init: RequestInit = {}): Case {
  return async () => {
    const address = freshAddress();
    const headers = new Headers(init.headers);
    headers.set("CF-Connecting-IP", address);
    const call = () => limited.env.ADDRESS_RATE_LIMIT.limit({ key: networkOf(address) });
    for (let round = 1; ; round += 1) {
      await Promise.all(Array.from({ length: FLOOD }, call));
      const response = await limited.fetch(path, { ...init, headers });
      if (response.status === 429 || round === ROUNDS_MAX) return response;
    }
  };
}

const form = (fields: Fields, headers: HeadersInit = basic(CLIENT)): RequestInit => {
  return { method: "POST", headers, body: new URLSearchParams(fields) };
};

function tokenCases(): Cases {
  const path = "/o/token/";
  const body = bodyCases(path, LOGIN);
  const page = { Origin: PAGE_ORIGIN };
  return {
    ...body,
    200: [
      () => send(path, LOGIN),
      () => send(path, { ...LOGIN, client_id: "page" }, page),
      () => send(path, { grant_type: "client_credentials" }),
      () => send(path, { grant_type: "client_credentials", resource: API }, basic(JWT_CLIENT)),
      async () => {
        const { refresh_token } = await logIn(service);
        return send(path, { grant_type: "refresh_token", refresh_token });
      },
    ],
    400: [
      ...(body[400] ?? []),
      () => send(path, { ...LOGIN, grant_type: "implicit" }),
      () => send(path, { ...LOGIN, grant_type: "" }),
      () => send(path, { grant_type: "refresh_token" }),
      () => {
        const headers = { ...basic(CLIENT), "Idempotency-Key": "x".repeat(256) };
        return send(path, { grant_type: "refresh_token", refresh_token: "x" }, headers);
      },
      () => send(path, { ...LOGIN, username: "" }),
      () => send(path, { ...LOGIN, password: "" }),
      () => send(path, { ...LOGIN, username: "a\n" }),
      () => send(path, { ...LOGIN, password: "a\n" }),
      () => send(path, { ...LOGIN, password: "wrong" }),
      () => send(path, { ...LOGIN, password: "wrong", client_id: "page" }, page),
      () => send(path, { grant_type: "client_credentials", client_id: "public" }, {}),
      () => send(path, { ...LOGIN, scope: "no_such" }),
      () => send(path, { ...LOGIN, resource: "https://no.such" }),
      () => send(path, { grant_type: "refresh_token", refresh_token: "forged" }),
      () => send(path, { grant_type: "authorization_code" }),
      redeemed({ code_verifier: "" }),
      redeemed({ code_verifier: "wrong" }),
      redeemed({ redirect_uri: "https://other.example.com" }),
      redeemed({ resource: "https://no.such" }, { resource: "https://api.example.com" }),
      () => send(path, { grant_type: "authorization_code", code: "forged" }, basic("web:secret")),
      () => send(path, LOGIN, { ...basic(CLIENT), [FORWARDED_FOR]: "not an address" }),
    ],
    429: [
      crowded((other, { refresh: refresh_token }) => {
        return other.fetch(path, form({ grant_type: "refresh_token", refresh_token }));
      }),
      flooded(
        path,
        form({ grant_type: "refresh_token", refresh_token: "forged", client_id: "public" }, {}),
      ),
    ],
  };
}

function revocationCases(): Cases {
  const path = "/o/revoke_token/";
  const body = bodyCases(path, { token: "unknown" });
  return {
    ...body,
    200: [
      () => send(path, { token: "unknown" }),
      () => send(path, { token: "unknown", client_id: "page" }, { Origin: PAGE_ORIGIN }),
      async () => send(path, { token: (await logIn(service)).refresh_token }),
    ],
    400: [...(body[400] ?? []), () => send(path, {})],
    429: [
      crowded((other, { refresh: token }) => other.fetch(path, form({ token }))),
      flooded(path, form({ token: "unknown", client_id: "public" }, {})),
    ],
  };
}

const INTROSPECTION = "/o/introspect/";

/** A token of a client's own, as the header of a caller. */
async function bearer(scope: string): Promise<Record<string, string>> {
  const own = granted(
    await ask(service, { grant_type: "client_credentials", scope }, RESOURCE_SERVER),
  );
  return { Authorization: `Bearer ${own.access_token}` };
}

/** What both methods of the introspection endpoint answer. @param by how a request is made */
function introspectionCases(by: (token: string, headers?: HeadersInit) => [string, RequestInit]) {
  const asked = (token: string, headers?: HeadersInit) => service.fetch(...by(token, headers));
  return {
    200: [
      () => asked("unknown"),
      async () => asked((await logIn(service)).access_token, basic(RESOURCE_SERVER)),
      async () => asked((await logIn(service, {}, JWT_CLIENT)).access_token, basic(JWT_CLIENT)),
      async () => {
        const own = await ask(service, { grant_type: "client_credentials" });
        return asked(granted(own).access_token, await bearer("introspection"));
      },
    ],
    400: [() => asked("")],
    401: [
      () => asked("x", {}),
      () => asked("x", basic("public:")),
      () => asked("x", { Authorization: "Bearer unknown" }),
    ],
    403: [async () => asked("x", await bearer("read"))],
    429: [
      crowded((other, { access }) => {
        return other.fetch(...by(access, basic(RESOURCE_SERVER)));
      }),
      flooded(...by("unknown", { Authorization: "Bearer tga_x" })),
    ],
  };
}

function introspectionByPost(): Cases {
  const body = bodyCases(INTROSPECTION, { token: "unknown" });
  const own = introspectionCases((token, headers) => [INTROSPECTION, form({ token }, headers)]);
  const both = {
    400: [...(body[400] ?? []), ...own[400]],
    401: [...(body[401] ?? []), ...own[401]],
  };
  return { ...body, ...own, ...both };
}

function introspectionByGet(): Cases {
  const own = introspectionCases((token, headers = basic(CLIENT)) => {
    return [`${INTROSPECTION}?${new URLSearchParams({ token })}`, { headers }];
  });
  const many = Array.from({ length: 65 }, (_, index) => `p${index}=x`).join("&");
  const queries = ["token=a&token=b", many].map((query) => () => {
    return service.fetch(`${INTROSPECTION}?${query}`, { headers: basic(CLIENT) });
  });
  return { ...own, 400: [...own[400], ...queries] };
}

const USERINFO = "/o/userinfo/";

/** @param sent how a request carries an access token */
function userinfoCases(sent: (token: string | null) => RequestInit): Cases {
  const ask = (token: string | null) => service.fetch(USERINFO, sent(token));
  const token = async (scope: string) => (await logIn(service, { scope })).access_token;
  return {
    200: [async () => ask(await token("openid profile"))],
    401: [() => ask(null), () => ask("tga_x")],
    403: [async () => ask(await token("read"))],
    429: [
      crowded((other, { access }) => other.fetch(USERINFO, sent(access))),
      flooded(USERINFO, sent("tga_x")),
    ],
  };
}

const bearerOf = (token: string | null): Record<string, string> => {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
};

function userinfoByPost(): Cases {
  const { 401: _, ...body } = bodyCases(USERINFO, {});
  // No client authenticates here.
  const malformed = body[400]?.slice(0, -1) ?? [];
  const own = userinfoCases((token) => form(token === null ? {} : { access_token: token }, {}));
  const twice = () => send(USERINFO, { access_token: "x" }, bearerOf("x"));
  return { ...body, ...own, 400: [...malformed, twice] };
}

const REGISTRATION = "/o/register/";
const JSON_HEADERS = { "Content-Type": "application/json" };
const openToAll = createService({ REGISTRATION: "open", CIMD: "open", RESOURCES: API });
const withToken = { REGISTRATION: "token" };

function registrationCases(): Cases {
  const metadata = { redirect_uris: ["http://127.0.0.1/callback"], response_types: ["code"] };
  const json = (body: unknown, headers: HeadersInit = {}): RequestInit => {
    const all = { ...JSON_HEADERS, ...headers };
    return { method: "POST", headers: all, body: JSON.stringify(body) };
  };
  const post = (changes: object) => {
    return openToAll.fetch(REGISTRATION, json({ ...metadata, ...changes }));
  };
  const raw = (init: RequestInit, query = "") => {
    return openToAll.fetch(REGISTRATION + query, { ...json(metadata), ...init });
  };
  const asCaller = (token: string | null, other = createService(withToken)) => {
    return other.fetch(REGISTRATION, json(metadata, bearerOf(token)));
  };
  const ownToken = async (credentials: string, fields: Fields = {}) => {
    const own = await ask(service, { grant_type: "client_credentials", ...fields }, credentials);
    return granted(own).access_token;
  };
  const keysByUrl = {
    token_endpoint_auth_method: "private_key_jwt",
    jwks_uri: "https://client.example/keys",
  };
  return {
    201: [
      () => post({ token_endpoint_auth_method: "none", client_name: "Notes" }),
      () => post({ scope: "read", software_id: "unknown" }),
      () => post(keysByUrl),
    ],
    400: [
      () => post({ redirect_uris: ["javascript:alert(1)"] }),
      () => post({ grant_types: ["password"] }),
      () => raw({ headers: { "Content-Type": "text/plain" } }),
      () => raw({}, "?a=b"),
      () => raw({ body: brokenOff("{") }),
    ],
    401: [
      () => asCaller(null),
      () => asCaller("tga_x"),
      async () => asCaller(await ownToken(JWT_CLIENT, { resource: API })),
    ],
    403: [
      async () => asCaller(await ownToken(CLIENT)),
      async () => asCaller((await logIn(service)).access_token),
    ],
    413: [() => raw({ body: "x".repeat(20_000) })],
    415: [() => raw({ headers: { ...JSON_HEADERS, "Content-Encoding": "gzip" } })],
    429: [
      crowded((other, { access }) => asCaller(access, other), withToken),
      flooded(REGISTRATION, json(metadata, bearerOf("tga_x"))),
    ],
  };
}

const got = (path: string, headers: HeadersInit = {}): Case => {
  return () => service.fetch(path, { headers });
};

/** Requests for every operation of the document, by `operationId`. */
export const CASES: Readonly<Record<string, Cases>> = {
  issueTokens: tokenCases(),
  revokeToken: revocationCases(),
  introspectToken: introspectionByPost(),
  introspectTokenInQuery: introspectionByGet(),
  getUserinfo: userinfoCases((token) => ({ headers: bearerOf(token) })),
  postUserinfo: userinfoByPost(),
  registerClient: registrationCases(),
  getMetadata: {
    200: [
      got("/.well-known/oauth-authorization-server"),
      () => openToAll.fetch("/.well-known/oauth-authorization-server"),
    ],
  },
  getMetadataAsDot: { 200: [got("/o/.well-known/oauth-authorization-server")] },
  getMetadataOfPath: { 200: [got("/.well-known/oauth-authorization-server/o")] },
  getOpenIdMetadata: { 200: [got("/.well-known/openid-configuration")] },
  getOpenIdMetadataAsDot: { 200: [got("/o/.well-known/openid-configuration")] },
  getOpenIdMetadataOfPath: { 200: [got("/.well-known/openid-configuration/o")] },
  getJwks: { 200: [got("/o/.well-known/jwks.json")] },
  getHealth: { 200: [got("/healthz")], 429: [flooded("/healthz")] },
  getLanding: { 200: [got("/"), got("/", { Accept: "text/html" })] },
};
