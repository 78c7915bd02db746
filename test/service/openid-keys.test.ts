import { env } from "cloudflare:workers";
import { decodeProtectedHeader, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type Changes, codeOf, newBrowser, type TestBrowser } from "../support/browsing.ts";
import { importLogin } from "../support/imported.ts";
import { keyId, keySet, newKey } from "../support/keys.ts";
import {
  authorizeOpenId,
  describeGrace,
  get,
  ISSUER,
  RELYING_PARTY,
  registerRelyingParty,
  signInWithOpenId,
  userinfo,
  verifyIdToken,
} from "../support/relying-party.ts";
import { createService, type Service } from "../support/service.ts";

const access = await newKey("ES256");
const [first, second] = [await newKey("RS256"), await newKey("RS256")];
const withKeys = (...keys: JWK[]) => createService({ SIGNING_KEYS: keySet(access, ...keys) });

beforeAll(() => registerRelyingParty(createService()));

/** The key that an ID token names. */
const keyOf = (idToken: unknown) => decodeProtectedHeader(String(idToken)).kid;

/** What the service returns to a request with this hint and without a page. */
async function answerTo(service: Service, browser: TestBrowser, hint: unknown) {
  const other = newBrowser(service);
  for (const [name, value] of browser.cookies) other.cookies.set(name, value);
  const changes: Changes = { prompt: "none", id_token_hint: String(hint) };
  const { location } = await authorizeOpenId(other, changes);
  return location?.searchParams.get("error") ?? "code";
}

describe("while the key of ID tokens is replaced", () => {
  test("every ID token is verifiable, and a hint until its key is retired", async () => {
    const before = await signInWithOpenId(withKeys(first));
    expect(keyOf(before.body["id_token"])).toBe(await keyId(first));
    // Added, promoted, retired: each step of the documented rotation.
    const added = await signInWithOpenId(withKeys(first, second));
    expect(keyOf(added.body["id_token"])).toBe(await keyId(first));
    const promoted = await signInWithOpenId(withKeys(second, first));
    expect(keyOf(promoted.body["id_token"])).toBe(await keyId(second));
    const { browser, body } = before;
    expect(await answerTo(withKeys(second, first), browser, body["id_token"])).toBe("code");
    const retired = withKeys(second);
    expect(await answerTo(retired, browser, body["id_token"])).toBe("invalid_request");
    expect(await answerTo(retired, promoted.browser, promoted.body["id_token"])).toBe("code");
  });
});

describe("after django-oauth-toolkit, with its issuer and key", () => {
  const issuer = `${ISSUER}/o`;
  const service = createService({ ISSUER: issuer, SIGNING_KEYS: keySet(access, first) });

  /** An ID token as the old server made it: without `sid`, and expired. */
  async function oldIdToken(claims: JWTPayload): Promise<string> {
    const header = { typ: "JWT", alg: "RS256", kid: await keyId(first) };
    const times = { iat: 1_700_000_000, exp: 1_700_036_000, auth_time: 1_700_000_000 };
    const all = { iss: issuer, aud: "relying-party", jti: "1", ...times, ...claims };
    return new SignJWT(all).setProtectedHeader(header).sign(await importJWK(first, "RS256"));
  }

  test("discovery, keys and tokens name the old issuer", async () => {
    const { text } = await get(service, "/o/.well-known/openid-configuration");
    expect(JSON.parse(text)).toMatchObject({
      issuer,
      jwks_uri: `${ISSUER}/o/.well-known/jwks.json`,
    });
    const keys = await get(service, "/o/.well-known/jwks.json");
    expect(JSON.parse(keys.text).keys).toContainEqual(
      expect.objectContaining({ kid: await keyId(first), alg: "RS256" }),
    );
  });

  test("its ID tokens are hints, and a sign-out with one asks the user", async () => {
    const { browser, claims } = await signInWithOpenId(service, {}, undefined, issuer);
    const hint = await oldIdToken({ sub: String(claims.sub) });
    expect(await answerTo(service, browser, hint)).toBe("code");
    const other = await oldIdToken({ sub: "another" });
    expect(await answerTo(service, browser, other)).toBe("login_required");
    const foreign = await oldIdToken({
      sub: String(claims.sub),
      iss: "https://other.example.com/o",
    });
    expect(await answerTo(service, browser, foreign)).toBe("invalid_request");
    const page = await browser.open(`/o/logout/?${new URLSearchParams({ id_token_hint: hint })}`);
    expect(page).toMatchObject({ status: 200, location: null });
    expect(codeOf(await authorizeOpenId(browser, { prompt: "none" }))).toMatch(/^tgc_/);
  });

  test("its logins with openid get ID tokens when they refresh, and its access tokens userinfo", async () => {
    await describeGrace({ name: "Grace Hopper" }, { department: "Navy" });
    const select = env.DB.prepare("SELECT id FROM users WHERE username = 'grace'");
    const userId = (await select.first<string>("id")) ?? "";
    const known = { sub: userId, name: "Grace Hopper", department: "Navy" };
    const moving = createService({ ...service.env, IMPORTED_TOKENS: "on" });
    const login = { clientId: "relying-party", userId, scope: "openid profile read" };
    const { accessToken, refreshToken } = await importLogin(login);
    expect(await userinfo(moving, accessToken)).toMatchObject(known);
    let refresh_token = refreshToken;
    for (const _ of ["the old token", "its successor"]) {
      const fields = { grant_type: "refresh_token", refresh_token };
      const { body } = await moving.token<Record<string, string>>(fields, RELYING_PARTY);
      const claims = await verifyIdToken(moving, body["id_token"], "RS256", issuer);
      expect(claims).toMatchObject({ ...known, at_hash: expect.any(String) });
      // A dump does not tell when and how the user signed in.
      for (const name of ["nonce", "sid", "auth_time", "amr"]) expect(claims[name]).toBe(undefined);
      expect(await userinfo(moving, body["access_token"])).toMatchObject(known);
      refresh_token = body["refresh_token"] ?? "";
    }
  });
});
