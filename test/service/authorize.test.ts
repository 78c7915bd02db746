import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CALLBACK,
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  queryOf,
  registerWebApps,
} from "../support/browsing.ts";
import { introspect, registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { refresh } from "../support/requests.ts";
import { createService } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerWebApps(service);
  await registerCheckers();
  await service.register({
    clients: [
      {
        client_id: "own",
        client_secret: "secret",
        grant_types: ["authorization_code"],
        redirect_uris: [CALLBACK],
        skip_consent: true,
        require_pkce: false,
      },
      {
        client_id: "mixed",
        client_secret: "secret",
        grant_types: ["authorization_code"],
        redirect_uris: [CALLBACK, "http://localhost/callback"],
      },
      { client_id: "off", client_secret: "secret", redirect_uris: [CALLBACK], disabled: true },
      { client_id: "machine", client_secret: "secret", redirect_uris: [CALLBACK] },
    ],
    users: [{ username: "grace", password: "rear admiral" }],
  });
});
stopClock();

describe("an error before the redirect URI is known to be the client's", () => {
  const BAD_URIS = [
    ...["https://evil.example/", `${CALLBACK}/`, `${CALLBACK}?x`, `${CALLBACK}#x`],
    `${CALLBACK}/..`,
    ...["https://app.example.com@evil.example/callback", "//app.example.com/callback"],
    ...["https:app.example.com/callback", "https://APP.example.com/callback"],
    "javascript:alert(1)",
  ];
  const CAUSES: readonly Changes[] = [
    ...[{}, { response_type: "token" }, { scope: "no_such" }, { prompt: "none" }, { state: "" }],
    ...[{ code_challenge: undefined }, { resource: "https://no.such" }, { max_age: "x" }],
  ];
  const CASES: readonly [string, Changes][] = [
    ...BAD_URIS.map((uri): [string, Changes] => [`redirect_uri ${uri}`, { redirect_uri: uri }]),
    ["no client_id", { client_id: undefined }],
    ["an unknown client_id", { client_id: "no-such" }],
    ["a disabled client", { client_id: "off" }],
    ["two redirect URIs", { redirect_uri: [CALLBACK, CALLBACK] }],
    ["two scopes", { scope: ["read", "write"] }],
    ["two states", { state: ["a", "b"] }],
    ["no redirect_uri with openid", { redirect_uri: undefined, scope: "openid" }],
    ["no redirect_uri of a client with several", { client_id: "native", redirect_uri: undefined }],
  ];

  test.each(CASES)("%s is a page, whatever else is wrong", async (_, changes) => {
    for (const cause of CAUSES) {
      const shown = await newBrowser(service).authorize({ ...cause, ...changes });
      expect(shown).toMatchObject({ status: 400, location: null });
      expect(shown.headers.get("Content-Type")).toContain("text/html");
    }
  });

  test("shows registered URIs of the same host only", async () => {
    const near = await newBrowser(service).authorize({ redirect_uri: `${CALLBACK}/x` });
    expect(near.text).toContain("app.example.com/callback");
    const { text } = await newBrowser(service).authorize({ redirect_uri: "https://evil.example/" });
    expect(text).not.toContain("app.example.com");
    // The host of a custom scheme is the scheme.
    for (const [scheme, isShown] of [
      ["com.example.app", true],
      ["evil.app", false],
    ] as const) {
      const changes = { client_id: "native", redirect_uri: `${scheme}:/x` };
      const page = await newBrowser(service).authorize(changes);
      const shown = page.text.replaceAll(/<\/?mark>/g, "");
      expect(shown.includes("com.example.app:/callback")).toBe(isShown);
    }
  });
});

test.each([
  [{ nonce: ["a", "b"] }, "invalid_request"],
  [{ state: "x".repeat(2049) }, "invalid_request"],
  [{ response_type: undefined }, "invalid_request"],
  [{ response_type: "token" }, "unsupported_response_type"],
  [{ client_id: "machine", response_type: "code" }, "unauthorized_client"],
  [{ code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
  [{ code_challenge_method: undefined }, "invalid_request"],
  [{ code_challenge_method: "plain" }, "invalid_request"],
  [{ code_challenge_method: "s256" }, "invalid_request"],
  [{ resource: "https://no.such" }, "invalid_target"],
  [{ scope: "no_such" }, "invalid_scope"],
  [{ prompt: "none login" }, "invalid_request"],
  [{ prompt: "none" }, "login_required"],
  [{ request: "x" }, "request_not_supported"],
  [{ request_uri: "urn:x" }, "request_uri_not_supported"],
  [{ response_mode: "fragment" }, "invalid_request"],
])("a request with %j is returned as %s, with state and iss", async (changes: Changes, error) => {
  const { status, location } = await newBrowser(service).authorize(changes);
  expect(status).toBe(302);
  expect(`${location?.origin}${location?.pathname}`).toBe(CALLBACK);
  const { state = "xyz" } = changes;
  expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
    ...{ error, error_description: expect.stringMatching(/\.$/), state },
    iss: "https://login.example.com",
  });
});

describe("a form", () => {
  test("of another browser does nothing", async () => {
    const [one, other] = [newBrowser(service), newBrowser(service)];
    await other.signIn(await other.authorize());
    const consent = await one.signIn(await one.authorize());
    const shown = await other.allow(consent);
    expect(shown).toMatchObject({ status: 200, location: null });
    const signedIn = await newBrowser(service).signIn(await one.authorize({ prompt: "login" }));
    expect(signedIn.headers.getSetCookie().join()).not.toContain("session");
  });

  test.each([
    [{ "Sec-Fetch-Site": "cross-site" }],
    [{ "Sec-Fetch-Site": "same-site" }],
    [{ Origin: "null" }],
    [{ Origin: "https://evil.example" }],
    [{}],
  ])("with the headers %j is 403, and does not sign the user in", async (headers) => {
    const browser = newBrowser(service);
    const fields = { username: "ada", password: "correct horse" };
    const shown = await browser.submit(await browser.authorize(), fields, headers);
    expect(shown).toMatchObject({ status: 403, location: null });
    expect([...browser.cookies.keys()].join()).not.toContain("session");
  });

  test("of an older browser is accepted by its origin", async () => {
    const browser = newBrowser(service);
    const fields = { username: "ada", password: "correct horse" };
    const headers = { Origin: "https://login.example.com" };
    const shown = await browser.submit(await browser.authorize(), fields, headers);
    expect([...browser.cookies.keys()].join()).toContain("session");
    expect(shown.status).toBeOneOf([200, 303]);
  });

  test("has room for any query that is accepted", async () => {
    const browser = newBrowser(service);
    const login_hint = "\\";
    const query = queryOf({ login_hint }).replace("%5C", login_hint.repeat(1800));
    const page = await browser.open(`/o/authorize/?${query}`);
    expect(page.text).toContain(`value="${login_hint.repeat(1800)}"`);
    expect((await browser.signIn(page)).text).toContain('name="decision"');
    expect(await browser.open(`/o/authorize/?${query}${"\\".repeat(4000)}`)).toMatchObject({
      status: 400,
      location: null,
    });
  });

  test("works hours later and in many tabs, and is shown again after a day", async () => {
    const browser = newBrowser(service);
    const first = await browser.authorize();
    const tabs = await Promise.all(Array.from({ length: 10 }, () => browser.authorize()));
    passSeconds(10 * 3600);
    for (const page of [first, ...tabs]) {
      expect((await browser.signIn(page)).status).toBeOneOf([200, 303]);
    }
    const old = await browser.authorize({ prompt: "login" });
    passSeconds(86_401);
    const again = await browser.signIn(old);
    expect(again).toMatchObject({ status: 200, location: null });
    expect(again.text).toContain("current-password");
  });

  test("sent as an authorization request is asked again by GET", async () => {
    const body = new URLSearchParams({ client_id: "web", scope: "read", ignored: "x" });
    const { status, headers } = await service.fetch("/o/authorize/", { method: "POST", body });
    expect([status, headers.get("Location")]).toEqual([
      303,
      "/o/authorize/?client_id=web&scope=read",
    ]);
  });
});

test("a form of a client with a request object is returned as request_not_supported", async () => {
  const body = new URLSearchParams(queryOf({ request: "eyJhbGciOiJub25lIn0.e30." }));
  const { status, headers } = await service.fetch("/o/authorize/", { method: "POST", body });
  expect(status).toBe(303);
  const { location } = await newBrowser(service).open(headers.get("Location") ?? "");
  expect(location?.searchParams.get("error")).toBe("request_not_supported");
});

describe("a sign-in", () => {
  test("shows the same for a wrong name and a wrong password, and keeps the name", async () => {
    const browser = newBrowser(service);
    const texts: string[] = [];
    for (const username of ["ada", "no such user"]) {
      const page = await browser.signIn(await browser.authorize(), { username, password: "wrong" });
      expect(page.status).toBe(400);
      expect(page.text).toContain(`value="${username}"`);
      texts.push(page.text.replaceAll(username, "").replace(/tgi_[\w-]+/, ""));
    }
    expect(texts[0]).toBe(texts[1]);
  });

  test("makes a new cookie, and the old one is no longer valid", async () => {
    const browser = newBrowser(service);
    await browser.signIn(await browser.authorize());
    const old = new Map(browser.cookies);
    passSeconds(60);
    await browser.signIn(await browser.authorize({ prompt: "login" }));
    const thief = newBrowser(service);
    for (const [name, value] of old) thief.cookies.set(name, value);
    const { location } = await thief.authorize({ prompt: "none" });
    expect(location?.searchParams.get("error")).toBe("login_required");
  });

  test("of another user ends the first one's session in this browser", async () => {
    const browser = newBrowser(service);
    const code = codeOf(await signInAndAllow(browser));
    const { body } = await exchange(service, code);
    passSeconds(60);
    const page = await browser.authorize({ prompt: "login" });
    await browser.submit(page, { username: "grace", password: "rear admiral" });
    const token = await introspect(service, String(body["access_token"]));
    expect(token.body).toEqual({ active: false });
    const refreshed = await refresh(service, String(body["refresh_token"]), {}, "web:secret");
    expect(refreshed).toMatchObject({ status: 400 });
  });

  test("works after the session of this browser was ended", async () => {
    const browser = newBrowser(service);
    await signInAndAllow(browser);
    await env.DB.exec("UPDATE browser_sessions SET ended_at_ms = 1");
    expect((await browser.authorize()).text).toContain("current-password");
    await browser.signIn(await browser.authorize());
    expect(codeOf(await browser.authorize())).toMatch(/^tgc_/);
  });
});

async function signInAndAllow(browser: ReturnType<typeof newBrowser>, changes: Changes = {}) {
  const shown = await browser.signIn(await browser.authorize(changes));
  return shown.location === null ? browser.allow(shown) : shown;
}

describe("consent", () => {
  test("is asked for every time if one redirect URI is a loopback, whichever is used", async () => {
    const browser = newBrowser(service);
    const mixed = { client_id: "mixed" };
    await signInAndAllow(browser, mixed);
    const page = await browser.authorize(mixed);
    expect(page).toMatchObject({ status: 200, location: null });
  });

  test("denied is access_denied", async () => {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize({ prompt: "consent" }));
    const { location } = await browser.submit(page, { decision: "deny" });
    expect(location?.searchParams.get("error")).toBe("access_denied");
  });
});

describe("an exchange", () => {
  test("of a second code of one request is rejected, and revokes nothing", async () => {
    const browser = newBrowser(service);
    const consent = await browser.signIn(await browser.authorize({ prompt: "consent" }));
    const first = codeOf(await browser.allow(consent));
    passSeconds(1);
    const second = codeOf(await browser.allow(consent));
    const { body } = await exchange(service, first);
    passSeconds(30);
    expect(await exchange(service, second)).toMatchObject({ status: 400 });
    const { body: token } = await introspect(service, String(body["access_token"]));
    expect(token).toMatchObject({ active: true });
  });
});
