import { beforeAll, describe, expect, test } from "vitest";
import { newBrowser, type Shown, type TestBrowser } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import {
  authorizeOpenId,
  GRACE,
  get,
  RELYING_PARTY,
  registerRelyingParty,
  signInWithOpenId,
} from "../support/relying-party.ts";
import { createService, type Service } from "../support/service.ts";

// The modules of the OpenID Foundation's plan for RP-initiated logout, by their names; and what the
// sign-out ends.
const service: Service = createService();
const BACK = "https://app.example.com/signed-out";
const STATE = "state-1";

stopClock();
beforeAll(() => registerRelyingParty(service));

/** Signs in, in a new browser. */
async function signIn(scope = "openid") {
  const { browser, body, claims } = await signInWithOpenId(service, { scope });
  return { browser, claims, hint: String(body["id_token"]), token: String(body["refresh_token"]) };
}

const leave = (browser: TestBrowser, fields: Record<string, string>) => {
  return browser.open(`/o/logout/?${new URLSearchParams(fields)}`);
};

const isSignedIn = async (browser: TestBrowser): Promise<boolean> => {
  const { location } = await authorizeOpenId(browser, { prompt: "none" });
  return location?.searchParams.has("code") === true;
};

const refresh = async (refresh_token: string): Promise<number> => {
  const fields = { grant_type: "refresh_token", refresh_token };
  return (await service.token(fields, RELYING_PARTY)).status;
};

/** An error page, which ends nothing and goes nowhere. */
async function isRejected(fields: Record<string, string>, browser: TestBrowser) {
  expect(await leave(browser, fields)).toMatchObject({ status: 400, location: null });
  expect(await isSignedIn(browser)).toBe(true);
}

const MODULES: Readonly<Record<string, () => Promise<void>>> = {
  "oidcc-rp-initiated-logout-discovery-endpoint-verification": async () => {
    const { text } = await get(service, "/.well-known/openid-configuration");
    expect(JSON.parse(text).end_session_endpoint).toBe("https://login.example.com/o/logout/");
  },
  "oidcc-rp-initiated-logout": async () => {
    const { browser, hint } = await signIn();
    const fields = { id_token_hint: hint, post_logout_redirect_uri: BACK, state: STATE };
    const { status, location } = await leave(browser, fields);
    expect([status, location?.href]).toEqual([302, `${BACK}?state=${STATE}`]);
    expect(await isSignedIn(browser)).toBe(false);
  },
  "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": async () => {
    const { browser, hint } = await signIn();
    const post_logout_redirect_uri = "https://app.example.com/elsewhere";
    await isRejected({ id_token_hint: hint, post_logout_redirect_uri, state: STATE }, browser);
  },
  "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": async () => {
    const { browser, hint } = await signIn();
    await isRejected({ id_token_hint: hint, post_logout_redirect_uri: `${BACK}?foo=bar` }, browser);
  },
  "oidcc-rp-initiated-logout-modified-id-token-hint": async () => {
    const { browser, hint } = await signIn();
    const [head, payload = "", signature] = hint.split(".");
    const other = payload.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
    const id_token_hint = [head, other, signature].join(".");
    await isRejected({ id_token_hint, post_logout_redirect_uri: BACK }, browser);
  },
  "oidcc-rp-initiated-logout-bad-id-token-hint": async () => {
    const { browser } = await signIn();
    await isRejected({ id_token_hint: "bad", post_logout_redirect_uri: BACK }, browser);
  },
  "oidcc-rp-initiated-logout-no-id-token-hint": async () => {
    const { browser } = await signIn();
    await isRejected({ post_logout_redirect_uri: BACK, state: STATE }, browser);
    const client_id = "relying-party";
    const page = await leave(browser, { client_id, post_logout_redirect_uri: BACK, state: STATE });
    expect(page).toMatchObject({ status: 200, location: null });
    expect((await confirm(browser, page)).location?.href).toBe(`${BACK}?state=${STATE}`);
    expect(await isSignedIn(browser)).toBe(false);
  },
  "oidcc-rp-initiated-logout-no-params": async () => {
    const { browser } = await signIn();
    const page = await browser.open("/o/logout/");
    expect(await isSignedIn(browser)).toBe(true);
    expect(await confirm(browser, page)).toMatchObject({ status: 200, location: null });
    expect(await isSignedIn(browser)).toBe(false);
  },
  "oidcc-rp-initiated-logout-no-post-logout-redirect-uri": async () => {
    const { browser, hint } = await signIn();
    const fields = { id_token_hint: hint, state: STATE };
    expect(await leave(browser, fields)).toMatchObject({ status: 200, location: null });
    expect(await isSignedIn(browser)).toBe(false);
  },
  "oidcc-rp-initiated-logout-no-state": async () => {
    const { browser, hint } = await signIn();
    const fields = { id_token_hint: hint, post_logout_redirect_uri: BACK };
    expect((await leave(browser, fields)).location?.href).toBe(BACK);
  },
  "oidcc-rp-initiated-logout-only-state": async () => {
    const { browser } = await signIn();
    const page = await leave(browser, { state: STATE });
    expect(await confirm(browser, page)).toMatchObject({ status: 200, location: null });
    expect(await isSignedIn(browser)).toBe(false);
  },
};

/** Submits the page that asks. */
function confirm(browser: TestBrowser, page: Shown): Promise<Shown> {
  return browser.submit(page, { decision: "sign_out" });
}

describe("RP-initiated logout", () => {
  test.each(Object.entries(MODULES))("%s", async (_, run) => {
    await run();
  });
});

describe("signing out ends", () => {
  test("the logins of this browser, and no other device's", async () => {
    const here = await signIn();
    const there = await signIn();
    await leave(here.browser, { id_token_hint: here.hint });
    expect(await refresh(here.token)).toBe(400);
    expect(await refresh(there.token)).toBe(200);
    expect(await isSignedIn(there.browser)).toBe(true);
  });

  test("no login with offline access", async () => {
    const offline = await signIn("openid offline_access");
    await leave(offline.browser, { id_token_hint: offline.hint });
    expect(await isSignedIn(offline.browser)).toBe(false);
    expect(await refresh(offline.token)).toBe(200);
  });

  test("the session that an expired ID token names", async () => {
    const { browser, hint } = await signIn();
    passSeconds(7200);
    expect(await leave(browser, { id_token_hint: hint })).toMatchObject({ status: 200 });
    expect(await isSignedIn(browser)).toBe(false);
  });

  test("nothing without asking, for an ID token of another session", async () => {
    const here = await signIn();
    const there = await signIn();
    const page = await leave(here.browser, { id_token_hint: there.hint });
    expect(page.text).toContain(GRACE.username);
    expect(await isSignedIn(here.browser)).toBe(true);
    expect(await isSignedIn(there.browser)).toBe(true);
  });

  test("nothing for a form of another browser, another page or another site", async () => {
    const { browser } = await signIn();
    const other = await signIn();
    const page = await browser.open("/o/logout/");
    const fields = { decision: "sign_out" };
    await other.browser.submit(page, fields);
    await browser.submit({ ...page, action: "/o/logout/?state=x" }, fields);
    await browser.submit(page, fields, { "Sec-Fetch-Site": "cross-site" });
    expect(await isSignedIn(browser)).toBe(true);
    expect(await isSignedIn(other.browser)).toBe(true);
  });
});

describe("a sign-out request", () => {
  test("that is sent as a form is asked again by GET, where cookies come", async () => {
    const body = new URLSearchParams({ post_logout_redirect_uri: BACK, other: "x" });
    const response = await service.fetch("/o/logout/", { method: "POST", body });
    expect(response.status).toBe(303);
    const query = new URLSearchParams({ post_logout_redirect_uri: BACK });
    expect(response.headers.get("Location")).toBe(`/o/logout/?${query}`);
  });

  test("can be as long as an ID token with many claims", async () => {
    const { browser } = await signIn();
    const page = await leave(browser, { client_id: "relying-party", state: "x".repeat(8000) });
    expect(page).toMatchObject({ status: 200, location: null });
    await confirm(browser, page);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test("for an ID token of another client than it names is rejected", async () => {
    const { browser, hint } = await signIn();
    await isRejected({ id_token_hint: hint, client_id: "web" }, browser);
  });

  test("with a repeated parameter is rejected", async () => {
    const page = await newBrowser(service).open("/o/logout/?state=a&state=b");
    expect(page).toMatchObject({ status: 400, location: null });
  });

  test("without anyone signed in goes back at once", async () => {
    const fields = { client_id: "relying-party", post_logout_redirect_uri: BACK };
    expect((await leave(newBrowser(service), fields)).location?.href).toBe(BACK);
  });
});
