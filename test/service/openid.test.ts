import { beforeAll, describe, expect, test } from "vitest";
import { ID_TOKEN_CLAIMS } from "../../src/protocol/claims.ts";
import { type Changes, codeOf, newBrowser } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import {
  authorizeOpenId,
  changeRelyingParty,
  describeGrace,
  get,
  ISSUER,
  RELYING_PARTY,
  registerRelyingParty,
  signInWithOpenId,
  tokensFor,
  userinfo,
  verifyIdToken,
} from "../support/relying-party.ts";
import { createService, type Service } from "../support/service.ts";

const service: Service = createService();

stopClock();
beforeAll(() => registerRelyingParty(service));

const signIn = (changes: Changes = {}) => signInWithOpenId(service, changes);
const verify = (idToken: unknown, algorithm?: string) => {
  return verifyIdToken(service, idToken, algorithm);
};
const refresh = (body: Record<string, unknown>, fields: Record<string, string> = {}) => {
  const refresh_token = String(body["refresh_token"]);
  return service.token({ grant_type: "refresh_token", refresh_token, ...fields }, RELYING_PARTY);
};

/** Who the user is, in the ID token of a sign-in, in that of a refresh, and in userinfo. */
async function said(changes: Changes) {
  const { body, claims } = await signIn(changes);
  const refreshed = await refresh(body);
  return {
    first: claims,
    again: await verify(refreshed.body["id_token"]),
    userinfo: await userinfo(service, refreshed.body["access_token"]),
  };
}

describe("an ID token", () => {
  test("comes with the exchange and says who signed in, when and where", async () => {
    const { body } = await signIn({ scope: "openid read" });
    const claims = await verify(body["id_token"]);
    expect(claims).toEqual({
      iss: ISSUER,
      sub: expect.any(String),
      aud: "relying-party",
      azp: "relying-party",
      exp: (claims.iat ?? 0) + 3600,
      iat: expect.any(Number),
      auth_time: expect.any(Number),
      amr: ["pwd"],
      nonce: "n-0S6",
      sid: expect.stringMatching(/^[0-9a-f]{32}$/),
      at_hash: await halfDigest(String(body["access_token"])),
    });
  });

  test("does not come without openid, nor when a refresh leaves openid out", async () => {
    const plain = await tokensFor(service, { scope: "read" });
    expect(plain).not.toHaveProperty("id_token");
    const { body } = await signIn({ scope: "openid read" });
    const narrowed = await refresh(body, { scope: "read" });
    expect(narrowed).toMatchObject({ status: 200, body: { scope: "read" } });
    expect(narrowed.body).not.toHaveProperty("id_token");
  });

  test("is signed with the client's algorithm", async () => {
    await changeRelyingParty("id_token_signed_response_alg", "ES256");
    const body = await tokensFor(service);
    await changeRelyingParty("id_token_signed_response_alg", null);
    expect(await verify(body["id_token"], "ES256")).toMatchObject({ aud: "relying-party" });
  });

  test("is never an access token", async () => {
    const { body } = await signIn();
    const sent = await get(service, "/o/userinfo/", {
      Authorization: `Bearer ${body["id_token"]}`,
    });
    expect(sent.status).toBe(401);
    const asked = await service.fetch("/o/introspect/", {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(RELYING_PARTY)}` },
      body: new URLSearchParams({ token: String(body["id_token"]) }),
    });
    expect(await asked.json()).toEqual({ active: false });
  });
});

describe("id_token_hint", () => {
  test("of the user who is signed in changes nothing, also after it has expired", async () => {
    const { browser, body } = await signIn();
    const hint = { id_token_hint: String(body["id_token"]), prompt: "none" };
    expect(codeOf(await authorizeOpenId(browser, hint))).toMatch(/^tgc_/);
    passSeconds(3601);
    expect(codeOf(await authorizeOpenId(browser, hint))).toMatch(/^tgc_/);
  });

  test("of another user is login_required", async () => {
    const { body } = await signIn();
    const other = newBrowser(service);
    const page = await authorizeOpenId(other);
    await other.signIn(page, { username: "heidi", password: "mountains" });
    const hint = { id_token_hint: String(body["id_token"]) };
    const { location } = await authorizeOpenId(other, hint);
    expect(location?.searchParams.get("error")).toBe("login_required");
  });

  test.each(["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])("%s is invalid", async (hint) => {
    const { location } = await authorizeOpenId(newBrowser(service), { id_token_hint: hint });
    expect(location?.searchParams.get("error")).toBe("invalid_request");
  });
});

describe("userinfo", () => {
  test("is stored by no cache, and its path needs no slash", async () => {
    const { body, claims } = await signIn();
    const headers = { Authorization: `Bearer ${body["access_token"]}` };
    const got = await get(service, "/o/userinfo", headers);
    expect(got).toMatchObject({ status: 200, text: JSON.stringify({ sub: claims.sub }) });
    expect(got.headers.get("Cache-Control")).toBe("no-store");
  });

  test("needs an access token with openid", async () => {
    const body = await tokensFor(service, { scope: "read" });
    const without = await get(service, "/o/userinfo/", {
      Authorization: `Bearer ${body["access_token"]}`,
    });
    expect(without.status).toBe(403);
    expect(without.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
    const none = await get(service, "/o/userinfo/");
    expect(none.status).toBe(401);
    expect(none.headers.get("WWW-Authenticate")).toBe("Bearer");
    const forged = await get(service, "/o/userinfo/", { Authorization: "Bearer tga_x" });
    expect(forged.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  });

  test("rejects an access token that is sent twice", async () => {
    const { body } = await signIn();
    const access_token = String(body["access_token"]);
    const twice = await service.fetch("/o/userinfo/", {
      method: "POST",
      headers: { Authorization: `Bearer ${access_token}` },
      body: new URLSearchParams({ access_token }),
    });
    expect(twice.status).toBe(400);
  });
});

describe("claims about the user", () => {
  const ADDRESS = { country: "GB" };
  const NAME = { name: "Ada Lovelace", locale: "en_GB" };
  const EMAIL = { email: "ada@example.com", email_verified: false };
  const PHONE = { phone_number: "+44 20", phone_number_verified: true };

  beforeAll(async () => {
    const profile = { ...NAME, ...PHONE, email: EMAIL.email, address: ADDRESS };
    await describeGrace(profile, { roles: ["editor"], nickname: "Ada", sid: "x", sub: "other" });
  });

  test.each([
    ["openid", {}],
    ["openid profile", { ...NAME, nickname: "Ada", updated_at: expect.any(Number) }],
    ["openid email", EMAIL],
    ["openid phone", PHONE],
    ["openid address read", { address: ADDRESS }],
  ])(
    "%s releases its own, in the ID token, after a refresh and in userinfo",
    async (scope, own) => {
      const { first, again, userinfo: shown } = await said({ scope });
      expect(shown).toEqual({ sub: first.sub, roles: ["editor"], ...own });
      for (const claims of [first, again]) {
        expect(about(claims)).toEqual({ roles: ["editor"], ...own });
        expect(claims["sid"]).toMatch(/^[0-9a-f]{32}$/);
      }
    },
  );
});

describe("the claims parameter", () => {
  test.each<[string, object, string[]]>([
    ["names claims of userinfo", { userinfo: { email: null } }, ["email"]],
    ["names claims of the ID token", { id_token: { name: { essential: true } } }, ["name"]],
    ["names more than the scope", { userinfo: { name: null, address: null } }, ["name"]],
    ["names no claim of the profile", { id_token: { acr: null } }, ["name", "email"]],
  ])("%s", async (_, claims, names) => {
    await describeGrace({ name: "Grace Hopper", email: "grace@example.com", address: {} });
    const asked = { scope: "openid profile email", claims: JSON.stringify(claims) };
    for (const claims of Object.values(await said(asked))) {
      const found = ["name", "email", "address"].filter((name) => Object.hasOwn(claims, name));
      expect(found).toEqual(names);
    }
  });

  test("is a hint of the user too", async () => {
    const { browser, claims } = await signIn();
    const asking = (value: unknown) => {
      const parameter = JSON.stringify({ id_token: { sub: { value } } });
      return authorizeOpenId(browser, { prompt: "none", claims: parameter });
    };
    expect(codeOf(await asking(claims.sub))).toMatch(/^tgc_/);
    const { location } = await asking("other");
    expect(location?.searchParams.get("error")).toBe("login_required");
  });

  test.each(["x", "[]", '{"userinfo":[]}', "null"])("%s is invalid", async (claims) => {
    const { location } = await authorizeOpenId(newBrowser(service), { claims });
    expect(location?.searchParams.get("error")).toBe("invalid_request");
  });
});

/** The claims that are not about the sign-in. */
function about(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !ID_TOKEN_CLAIMS.has(name)));
}

/** `at_hash` (OIDC Core §3.1.3.6). */
async function halfDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(digest.slice(0, 16)).toString("base64url");
}
