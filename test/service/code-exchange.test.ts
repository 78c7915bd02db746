import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createConsentStore } from "../../src/storage/consents.ts";
import {
  CALLBACK,
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  obtainCode,
  registerWebApps,
  VERIFIER,
} from "../support/browsing.ts";
import { change, introspect, registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { adasId } from "../support/imported.ts";
import { isActive } from "../support/inspection.ts";
import { ask } from "../support/requests.ts";
import { createService } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const service = createService();
const RESOURCE = "https://api.example.com";
const NO_PKCE = { client_id: "lax", code_challenge: undefined, code_challenge_method: undefined };

const UNAUTHORIZED = { error: "unauthorized_client" };
const INVALID_GRANT = { error: "invalid_grant" };
const INVALID_TARGET = { error: "invalid_target" };
const NO_VERIFIER = described("invalid_request", "Code verifier required.");
const MISMATCH = described("invalid_grant", "Mismatching redirect URI.");
const endsNow = () => `not_before_ms = ${Date.now()}`;

beforeAll(async () => {
  await registerWebApps(service);
  await registerCheckers();
  const web = { client_secret: "secret", redirect_uris: [CALLBACK] };
  const grant_types = ["authorization_code"];
  await service.register({
    clients: [
      { ...web, client_id: "lax", grant_types, require_pkce: false },
      { ...web, client_id: "machine", grant_types: ["password"] },
      { ...web, client_id: "x".repeat(200), grant_types: [...grant_types, "refresh_token"] },
    ],
  });
});
stopClock();
// The clock of the next test may be earlier.
afterEach(async () => {
  await env.DB.exec("UPDATE users SET not_before_ms = 0");
  await env.DB.exec("UPDATE clients SET not_before_ms = 0");
  await env.DB.exec("DELETE FROM consents");
});
const watched = watch();

describe("an exchange is rejected", () => {
  const code = "tgc_x";
  const GRANT = { grant_type: "authorization_code" };

  test.each<[string, Record<string, string>, string | null, number, object]>([
    ["without a code", GRANT, null, 400, described("invalid_request", "Missing code parameter.")],
    ["of an unknown client", { ...GRANT, code }, "no-such:x", 401, { error: "invalid_client" }],
    ["of a client without it", { ...GRANT, code }, "machine:secret", 400, UNAUTHORIZED],
    ["of a forged code", { ...GRANT, code }, "web:secret", 400, { error: "invalid_grant" }],
    ["of a refresh token", { ...GRANT, code: "tgr_x" }, "web:secret", 400, INVALID_GRANT],
  ])("%s", async (_, fields, credentials, status, body) => {
    expect(await ask(service, fields, credentials)).toMatchObject({ status, body });
  });

  test.each<[string, Record<string, string>, object, Changes]>([
    ["without a verifier", { code_verifier: "" }, NO_VERIFIER, {}],
    ["with the challenge as verifier", { code_verifier: "x".repeat(43) }, INVALID_GRANT, {}],
    ["with a short verifier", { code_verifier: VERIFIER.slice(1) }, INVALID_GRANT, {}],
    ["with another redirect URI", { redirect_uri: `${CALLBACK}/` }, MISMATCH, {}],
    [
      "with another resource",
      { resource: "https://x.example" },
      INVALID_TARGET,
      { resource: RESOURCE },
    ],
    ["without the redirect URI", { code_verifier: "" }, MISMATCH, NO_PKCE],
    ["with a verifier for no challenge", { redirect_uri: CALLBACK }, INVALID_GRANT, NO_PKCE],
    [
      "without the verifier for a challenge that was not required",
      { code_verifier: "", redirect_uri: CALLBACK },
      NO_VERIFIER,
      { client_id: "lax" },
    ],
  ])("%s, and the code stays valid, even after a late retry", async (_, fields, body, changes) => {
    const credentials = `${changes["client_id"] ?? "web"}:secret`;
    const fresh = await obtainCode(service, changes);
    const right: Record<string, string> =
      changes === NO_PKCE ? { code_verifier: "", redirect_uri: CALLBACK } : {};
    expect(await exchange(service, fresh, fields, credentials)).toMatchObject({
      status: 400,
      body,
    });
    const { status, body: tokens } = await exchange(service, fresh, right, credentials);
    expect(status).toBe(200);
    passSeconds(20);
    await exchange(service, fresh, fields, credentials);
    await exchange(service, fresh, right, "web:wrong");
    expect(await isActive(service, String(tokens["access_token"]))).toBe(true);
  });

  test("of another client's code, which stays valid", async () => {
    const fresh = await obtainCode(service);
    const foreign = await exchange(service, fresh, {}, "lax:secret");
    expect(foreign).toMatchObject({ status: 400, body: INVALID_GRANT });
    expect(await exchange(service, fresh)).toMatchObject({ status: 200 });
  });

  test("a second after it expires, and not before", async () => {
    const [one, other] = [await obtainCode(service), await obtainCode(service)];
    passSeconds(59);
    expect(await exchange(service, one)).toMatchObject({ status: 200 });
    passSeconds(1);
    expect(await exchange(service, other)).toMatchObject({ status: 400, body: INVALID_GRANT });
  });

  test.each<[string, () => Promise<unknown>]>([
    ["user's password was changed", () => change("users", "ada", endsNow())],
    ["user was deactivated", () => change("users", "ada", "is_active = 0")],
    ["client's logins were ended", () => change("clients", "web", endsNow())],
    ["browser session was ended", () => env.DB.exec("UPDATE browser_sessions SET ended_at_ms = 1")],
    ["browser session was removed", () => env.DB.exec("DELETE FROM browser_sessions")],
    [
      "consent was revoked",
      async () =>
        createConsentStore(env.DB, () => undefined).revoke(await adasId(), "web", Date.now()),
    ],
  ])("when the %s, for good", async (_, end) => {
    const fresh = await obtainCode(service);
    passSeconds(1);
    await end();
    expect(await exchange(service, fresh)).toMatchObject({ status: 400, body: INVALID_GRANT });
    await change("users", "ada", "is_active = 1");
    passSeconds(1);
    expect(await exchange(service, await obtainCode(service))).toMatchObject({ status: 200 });
  });
});

describe("an exchange succeeds", () => {
  test("with one of several resources, and each refresh is for it", async () => {
    const other = "https://other.example.com";
    const both = await obtainCode(service, { resource: [RESOURCE, other] });
    const { body } = await exchange(service, both, { resource: other });
    expect((await introspect(service, String(body["access_token"]))).body).toMatchObject({
      aud: other,
    });
  });

  test("with an origin as resource, with a slash or without", async () => {
    const slash = `${RESOURCE}/`;
    for (const [asked, named] of [
      [slash, slash],
      [slash, RESOURCE],
      [RESOURCE, slash],
      [[RESOURCE, slash], ""],
    ] as const) {
      const fresh = await obtainCode(service, { resource: asked });
      const { body } = await exchange(service, fresh, { resource: named });
      const { access_token } = body as { access_token: string };
      expect((await introspect(service, access_token)).body).toMatchObject({ aud: RESOURCE });
    }
  });

  test("for an API of RESOURCES, with the scopes of it alone", async () => {
    const resource = "https://mcp.example.com";
    const open = createService({ RESOURCES: { [resource]: "write" } });
    const { location } = await newBrowser(open).authorize({ resource, scope: "read write" });
    expect(location?.searchParams.get("error")).toBe("invalid_scope");
    const fresh = await obtainCode(open, { resource, scope: "write openid" });
    const { body } = await exchange(open, fresh);
    expect(body).toMatchObject({ scope: "write openid" });
    const { access_token } = body as { access_token: string };
    expect((await introspect(open, access_token)).body).toMatchObject({ aud: resource });
    const other = await obtainCode(open, { resource: [RESOURCE, resource], scope: "read write" });
    expect((await exchange(open, other, { resource })).body).toMatchObject({ scope: "write" });
  });

  test("with an id that is too long for a code", async () => {
    const client_id = "x".repeat(200);
    const fresh = await obtainCode(service, { client_id });
    expect(fresh.length).toBeLessThanOrEqual(1024);
    expect(await exchange(service, fresh, {}, `${client_id}:secret`)).toMatchObject({
      status: 200,
    });
  });

  test("again with its Idempotency-Key within the window, and with no other", async () => {
    const fresh = await obtainCode(service);
    const fields = { grant_type: "authorization_code", code: fresh, code_verifier: VERIFIER };
    const send = async (key: string) => {
      const headers = { Authorization: `Basic ${btoa("web:secret")}`, "Idempotency-Key": key };
      const init = { method: "POST", headers, body: new URLSearchParams(fields) };
      const response = await service.fetch("/o/token/", init);
      return { status: response.status, body: await response.json<Record<string, unknown>>() };
    };
    const first = await send("one");
    passSeconds(5);
    const { access_token, refresh_token } = (await send("one")).body;
    expect({ access_token, refresh_token }).toEqual({
      access_token: first.body["access_token"],
      refresh_token: first.body["refresh_token"],
    });
    expect(await send("two")).toMatchObject({ status: 400, body: INVALID_GRANT });
    passSeconds(6);
    expect(await send("one")).toMatchObject({ status: 400, body: INVALID_GRANT });
    expect(await isActive(service, String(access_token))).toBe(false);
  });

  test("without a refresh token, and a late replay ends its access token", async () => {
    const fresh = await obtainCode(service, NO_PKCE);
    const fields = { code_verifier: "", redirect_uri: CALLBACK };
    const { body } = await exchange(service, fresh, fields, "lax:secret");
    expect(body).not.toHaveProperty("refresh_token");
    expect(await isActive(service, String(body["access_token"]))).toBe(true);
    passSeconds(11);
    expect((await exchange(service, fresh, fields, "lax:secret")).status).toBe(400);
    expect(await isActive(service, String(body["access_token"]))).toBe(false);
  });

  test("after a new key was added, with a form and a code of the old one", async () => {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize({ prompt: "consent" }));
    const keys = `${"a7".repeat(32)},${env.TOKEN_KEYS}`;
    const deployed = createService({ TOKEN_KEYS: keys });
    const fresh = codeOf(await newBrowserOf(browser.cookies, deployed).allow(page));
    const old = await obtainCode(service);
    for (const each of [fresh, old]) {
      expect(await exchange(deployed, each)).toMatchObject({ status: 200 });
    }
  });
});

test("no log line and no audit event contains a code, a form or a cookie", async () => {
  const browser = newBrowser(service);
  const page = await browser.signIn(
    await browser.authorize({ prompt: "consent", state: "s4t5a6" }),
  );
  const shown = await browser.allow(page);
  const { body } = await exchange(service, codeOf(shown));
  const secrets = [codeOf(shown), page.request ?? "", ...browser.cookies.values(), "s4t5a6"];
  const tokens = [body["access_token"], body["refresh_token"]].map(String);
  const text = JSON.stringify([watched.console, watched.queue, watched.points]);
  expect(text).toContain("signed_in");
  for (const secret of [...secrets, ...tokens]) expect(text).not.toContain(secret);
});

function newBrowserOf(cookies: ReadonlyMap<string, string>, at: typeof service) {
  const browser = newBrowser(at);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  return browser;
}

function described(error: string, error_description: string) {
  return { error, error_description };
}
