import { beforeAll, describe, expect, test } from "vitest";
import {
  CALLBACK,
  type Changes,
  codeOf,
  newBrowser,
  registerWebApps,
  type Shown,
  type TestBrowser,
} from "../support/browsing.ts";
import { change } from "../support/checks.ts";
import { createService } from "../support/service.ts";

const service = createService();
/** A code has room for it, and not for a long nonce too. */
const LONG = `https://api.example.com/${"a".repeat(200)}`;

const PATTERN = "https://*.preview.example.com/callback";

beforeAll(async () => {
  await registerWebApps(service);
  const web = { client_secret: "secret", grant_types: ["authorization_code"] };
  await service.register({
    clients: [
      { ...web, client_id: "machine", grant_types: ["password"], redirect_uris: [CALLBACK] },
      { ...web, client_id: "long", redirect_uris: [CALLBACK], audience: [LONG] },
      { ...web, client_id: "one", redirect_uris: [CALLBACK] },
      { ...web, client_id: "preview", redirect_uris: [CALLBACK], redirect_uri_patterns: [PATTERN] },
      { ...web, client_id: "lax", redirect_uris: [CALLBACK], require_pkce: false },
      { ...web, client_id: "changing", redirect_uris: [CALLBACK], scope: "read write" },
    ],
  });
});

/** Signs in, and consents if asked to. */
async function goThrough(browser: TestBrowser, changes: Changes): Promise<Shown> {
  const shown = await browser.signIn(await browser.authorize(changes));
  return shown.location === null ? browser.allow(shown) : shown;
}

describe("no redirect leaves for", () => {
  const NATIVE = "http://127.0.0.1/callback";

  test.each([
    ...[`${CALLBACK}/..;/x`, `${CALLBACK}/%2e%2e`, "https://app.example.com/%63allback"],
    ...["https://app.example.com/CALLBACK", `${CALLBACK}\\`, `${CALLBACK}\t`, `\t${CALLBACK}`],
    ...[`${CALLBACK}?`, `${CALLBACK}#`, `${CALLBACK}%00`, "https:/app.example.com/callback"],
    ...["https://app.example.com.evil.example/callback", "https://app.example.com:444/callback"],
    ...["https://evil.example\\@app.example.com/callback", "http://app.example.com/callback"],
    ...["JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///x", "blob:https://x/y"],
  ])("%j", async (redirect_uri) => {
    const shown = await newBrowser(service).authorize({ redirect_uri });
    expect(shown).toMatchObject({ status: 400, location: null });
  });

  test.each([
    ...["http://localhost.evil.example/callback", "http://127.0.0.1.evil.example/callback"],
    ...["http://127.1/callback", "http://2130706433/callback", "http://0x7f.1/callback"],
    ...["http://localhost/callback", "https://127.0.0.1/callback", `${NATIVE}/x`],
    ...["http://127.0.0.1:1@evil.example/callback", "http://127.0.0.1:x/callback"],
    ...["com.example.app:/other", "com.example.app.evil:/callback"],
  ])("a native app at %j", async (redirect_uri) => {
    const shown = await newBrowser(service).authorize({ client_id: "native", redirect_uri });
    expect(shown).toMatchObject({ status: 400, location: null });
  });

  test.each([
    ...["https://a.b.preview.example.com/callback", "https://preview.example.com/callback"],
    ...["https://evil.example/.preview.example.com/callback", "https://a.preview.example.com/x"],
    ...["https://-a.preview.example.com/callback", "https://*.preview.example.com/callback"],
  ])("a preview at %j", async (redirect_uri) => {
    const shown = await newBrowser(service).authorize({ client_id: "preview", redirect_uri });
    expect(shown).toMatchObject({ status: 400, location: null });
  });
});

describe("a redirect URI", () => {
  test.each([
    ["native", "http://127.0.0.1:1/callback"],
    ["native", "http://127.0.0.1:65535/callback"],
    ["native", "com.example.app:/callback"],
    ["preview", "https://pr-12.preview.example.com/callback"],
  ])("of %s can be %s", async (client_id, redirect_uri) => {
    const shown = await goThrough(newBrowser(service), { client_id, redirect_uri });
    expect(codeOf(shown)).toBeTruthy();
    expect(shown.location?.href).toMatch(new RegExp(`^${redirect_uri}\\?code=`));
  });

  test("can be left out by a client that has one", async () => {
    const changes = { client_id: "one", redirect_uri: undefined };
    expect((await goThrough(newBrowser(service), changes)).location?.href).toContain(CALLBACK);
    const two = await newBrowser(service).authorize({ ...changes, client_id: "preview" });
    expect(two).toMatchObject({ status: 400, location: null });
  });
});

/** In the order of the contract. Of two, the first is reported. */
const ERRORS: readonly (readonly [Changes, string])[] = [
  [{ nonce: ["a", "b"] }, "invalid_request"],
  [{ state: "x".repeat(2049) }, "invalid_request"],
  [{ request: "x" }, "request_not_supported"],
  [{ request_uri: "urn:x" }, "request_uri_not_supported"],
  [{ response_type: "token" }, "unsupported_response_type"],
  [{ client_id: "machine" }, "unauthorized_client"],
  [{ code_challenge: "short" }, "invalid_request"],
  [{ resource: "https://no.such" }, "invalid_target"],
  [{ scope: "no_such" }, "invalid_scope"],
  [{ prompt: "none login" }, "invalid_request"],
  [{ prompt: "none" }, "login_required"],
];

describe("an error that is returned to the client", () => {
  const pairs = ERRORS.flatMap(([first, error], index) =>
    ERRORS.slice(index + 1).map(([second]) => ({ error, changes: { ...second, ...first } })),
  );

  test("is the first in the order of the contract", async () => {
    for (const { error, changes } of pairs) {
      const { location } = await newBrowser(service).authorize(changes);
      expect({ changes, error: location?.searchParams.get("error") }).toEqual({ changes, error });
      expect(location?.searchParams.get("iss")).toBe("https://login.example.com");
    }
  });

  test.each([
    ["S512", CALLBACK],
    ["", CALLBACK],
    ["PLAIN", CALLBACK],
  ])("is invalid_request for the code_challenge_method %j", async (code_challenge_method) => {
    for (const client_id of ["web", "lax"]) {
      const { location } = await newBrowser(service).authorize({
        client_id,
        code_challenge_method,
      });
      expect(location?.searchParams.get("error")).toBe("invalid_request");
      expect(location?.searchParams.get("error_description")).toContain("S256");
    }
  });
});

test.each<Changes>([
  { display: "popup", claims_locales: "de", unknown: ["a", "b"], response_mode: "query" },
  { state: "x".repeat(2048), nonce: "n".repeat(255) },
  { scope: "", resource: "", prompt: "", max_age: "", nonce: "" },
  { login_hint: "ada", acr_values: "x", ui_locales: "de en", id_token_hint: "", max_age: "0" },
])("a request with %j is valid", async (changes) => {
  const shown = await newBrowser(service).authorize(changes);
  expect(shown).toMatchObject({ status: 200, location: null });
  expect(shown.text).toContain("current-password");
});

test("a request that a code has no room for is rejected before the sign-in", async () => {
  const long = { client_id: "long", resource: LONG };
  expect(codeOf(await goThrough(newBrowser(service), long)).length).toBeLessThanOrEqual(1024);
  const { location } = await newBrowser(service).authorize({ ...long, nonce: "n".repeat(255) });
  expect(location?.searchParams.get("error")).toBe("invalid_request");
  expect(location?.searchParams.get("error_description")).toContain("too long");
});

describe("a submitted form is validated again:", () => {
  test.each([
    ["disabled", "disabled = 1", null],
    ["with another redirect URI", `redirect_uris = '${CALLBACK}/new'`, null],
    ["with an unsafe redirect URI", "redirect_uris = 'javascript:alert(1)'", null],
    ["without the grant", "grant_types = 'password'", "unauthorized_client"],
    ["with less scope", "scope = 'write'", "invalid_scope"],
  ])("a client that is now %s", async (_, assignment, error) => {
    const changes = { client_id: "changing", prompt: "consent" };
    const [atSignIn, atConsent] = [newBrowser(service), newBrowser(service)];
    const signInPage = await atSignIn.authorize(changes);
    const consentPage = await atConsent.signIn(await atConsent.authorize(changes));
    const columns = "disabled = 0, grant_types = 'authorization_code', scope = 'read write'";
    await change("clients", "changing", assignment);
    for (const shown of [await atSignIn.signIn(signInPage), await atConsent.allow(consentPage)]) {
      expect(shown.location?.searchParams.get("error") ?? null).toBe(error);
      expect(shown.location?.searchParams.has("code") ?? false).toBe(false);
      expect([...atSignIn.cookies.keys()].join()).not.toContain("session");
    }
    await change("clients", "changing", `${columns}, redirect_uris = '${CALLBACK}'`);
    expect(codeOf(await atConsent.allow(consentPage))).toBeTruthy();
  });
});
