import { env } from "cloudflare:workers";
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import {
  CALLBACK,
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  type Shown,
  type TestBrowser,
} from "./browsing.ts";
import type { Service } from "./service.ts";

/** The issuer of the service in tests. */
export const ISSUER = "https://login.example.com";

/** A response, as a client sees it. */
interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Id and secret of the client that {@link registerRelyingParty} makes. */
export const RELYING_PARTY = "relying-party:secret";

/** The user who signs in. */
export const GRACE = { username: "grace", password: "nanoseconds" } as const;

/** Registers a client and two users that other files do not use, since storage is shared. */
export async function registerRelyingParty(service: Service): Promise<void> {
  await service.register({
    clients: [
      {
        client_id: "relying-party",
        client_secret: "secret",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: ["https://app.example.com/signed-out"],
        require_pkce: false,
      },
    ],
    users: [GRACE, { username: "heidi", password: "mountains" }],
  });
}

/** Changes a column of the client. */
export async function changeRelyingParty(column: string, value: string | null): Promise<void> {
  const set = `UPDATE clients SET ${column} = ? WHERE client_id = 'relying-party'`;
  await env.DB.prepare(set).bind(value).run();
}

/** Gives the user standard claims, and others. */
export async function describeGrace(profile: object, claims: object = {}): Promise<void> {
  const set = "UPDATE users SET profile = ?, claims = ? WHERE username = 'grace'";
  await env.DB.prepare(set).bind(JSON.stringify(profile), JSON.stringify(claims)).run();
}

/** Asks for a page or a redirect, for the client and `openid`. */
export function authorizeOpenId(browser: TestBrowser, changes: Changes = {}): Promise<Shown> {
  return browser.authorize({ client_id: "relying-party", scope: "openid", ...changes });
}

/** Exchanges a code of the client. */
export function exchangeAsParty(
  service: Service,
  code: string,
  fields: Record<string, string> = {},
) {
  return exchange(service, code, fields, RELYING_PARTY);
}

/** Gets a path of the service. */
export async function get(
  service: Service,
  path: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  const response = await service.fetch(`${ISSUER}${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Verifies an ID token as a client does, with the published keys. */
export async function verifyIdToken(
  service: Service,
  idToken: unknown,
  algorithm = "RS256",
  issuer = ISSUER,
): Promise<JWTPayload> {
  const { text } = await get(service, "/o/.well-known/jwks.json");
  const keys = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  const options = {
    issuer,
    audience: "relying-party",
    algorithms: [algorithm],
    typ: "JWT",
  };
  return (await jwtVerify(String(idToken), keys, options)).payload;
}

/** A sign-in, seen by the client. */
interface OpenIdSignIn {
  readonly browser: TestBrowser;
  /** The redirect that brought the code. */
  readonly redirect: Shown;
  /** The response of the token endpoint. */
  readonly body: Record<string, unknown>;
  /** The claims of the ID token, which is verified. */
  readonly claims: JWTPayload;
}

/** Signs in with `openid` as a user, and exchanges the code as the client. */
export async function signInWithOpenId(
  service: Service,
  changes: Changes = {},
  browser: TestBrowser = newBrowser(service),
  issuer = ISSUER,
): Promise<OpenIdSignIn> {
  const page = await authorizeOpenId(browser, { nonce: "n-0S6", ...changes });
  const shown = page.location === null ? await browser.signIn(page, GRACE) : page;
  const redirect = shown.location === null ? await browser.allow(shown) : shown;
  // Without a challenge in the request, there is no verifier.
  const isPlain = "code_challenge" in changes && changes["code_challenge"] === undefined;
  const fields = isPlain ? { code_verifier: "", redirect_uri: CALLBACK } : {};
  const { body } = await exchangeAsParty(service, codeOf(redirect), fields);
  const claims = await verifyIdToken(service, body["id_token"], "RS256", issuer);
  return { browser, redirect, body, claims };
}

/** The tokens of a sign-in, with or without `openid`. */
export async function tokensFor(service: Service, changes: Changes = {}) {
  const browser = newBrowser(service);
  const shown = await browser.signIn(await authorizeOpenId(browser, changes), GRACE);
  const redirect = shown.location === null ? await browser.allow(shown) : shown;
  return (await exchangeAsParty(service, codeOf(redirect))).body;
}

/** Calls userinfo with an access token. */
export async function userinfo(service: Service, accessToken: unknown) {
  const { text } = await get(service, "/o/userinfo/", { Authorization: `Bearer ${accessToken}` });
  return JSON.parse(text) as Record<string, unknown>;
}
