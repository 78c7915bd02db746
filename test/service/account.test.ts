import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  codeOf,
  exchange,
  newBrowser,
  registerWebApps,
  type Shown,
  type TestBrowser,
} from "../support/browsing.ts";
import { registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { importLogin } from "../support/imported.ts";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { createService } from "../support/service.ts";

const PATH = "/o/account/";
const SETTINGS = {
  SCOPES: "read write offline_access",
  IMPORTED_TOKENS: "on",
  BROWSER_SESSION_IDLE_SECONDS: "172800",
};
const service = createService(SETTINGS);

beforeAll(async () => {
  await registerWebApps(service);
  await registerCheckers(service);
});
stopClock();

/** A user of one's own, signed in in a browser. */
async function newUser(shared = false, browser = newBrowser(service)) {
  const username = `user ${crypto.randomUUID()}`;
  await service.register({ users: [{ username, password: "correct horse" }] });
  const signIn = async (other: TestBrowser, isShared = false) => {
    const shown = await other.signIn(await other.open(PATH), {
      username,
      ...(isShared ? { shared_device: "1" } : {}),
    });
    expect(shown).toMatchObject({ status: 303, location: { pathname: PATH } });
  };
  await signIn(browser, shared);
  const select = env.DB.prepare("SELECT id FROM users WHERE username = ?").bind(username);
  return { browser, username, signIn, id: (await select.first<string>("id")) ?? "" };
}

/** Lets a client sign the user of a browser in. @returns its tokens, when the login is listed */
async function logIn(browser: TestBrowser, userId: string, scope = "read") {
  const count = env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE user_id = ?").bind(userId);
  const before = (await count.first<number>("n")) ?? 0;
  const page = await browser.authorize({ scope });
  const code = codeOf(page.location === null ? await browser.allow(page) : page);
  const { body } = await exchange(service, code);
  await eventually(async () => (await count.first<number>("n")) === before + 1);
  return { access_token: String(body["access_token"]), refresh_token: body["refresh_token"] };
}

/** The values of the buttons with a name, in order. */
function buttonsIn({ text }: Shown, name: string): string[] {
  const pattern = new RegExp(`<button class="\\w+" name="${name}" value="([^"]*)"`, "g");
  return [...text.matchAll(pattern)].map(([, value = ""]) => value);
}

const isSignIn = ({ text }: Shown) => text.includes("current-password");

describe("the account page", () => {
  test.each([PATH, "/o/account"])("at %s asks who it is, and comes back", async (path) => {
    const browser = newBrowser(service);
    const page = await browser.open(path);
    expect(page.status).toBe(200);
    expect(isSignIn(page)).toBe(true);
    expect((await browser.signIn(page, { password: "wrong" })).status).toBe(400);
    const { location } = await browser.signIn(page);
    expect(location?.pathname).toBe(path);
    const { status, text } = await browser.open(path);
    expect(status).toBe(200);
    expect(text).toContain("<bdi>ada</bdi>");
  });

  test("is where django-oauth-toolkit's page leads, under each prefix", async () => {
    const moved = createService({ PATH_PREFIX: "/api/o /oauth2" });
    for (const [path, target] of [
      ["/api/o/authorized_tokens/", "/api/o/account/"],
      ["/oauth2/authorized_tokens", "/oauth2/account/"],
    ] as const) {
      const browser = newBrowser(moved);
      const { status, location } = await browser.open(path);
      expect([status, location?.pathname]).toEqual([302, target]);
      expect((await browser.open(target)).action).toBe(target);
    }
    expect((await newBrowser(moved).open(PATH)).status).toBe(404);
  });

  test("shows browsers, logins and consents, the latest first, and no other user's", async () => {
    const { browser, signIn, id } = await newUser();
    await logIn(browser, id);
    passSeconds(60);
    const other = newBrowser(service);
    await signIn(other);
    await logIn(other, id, "read write");
    const page = await browser.open(PATH);
    expect(buttonsIn(page, "end_session")).toHaveLength(1);
    expect(buttonsIn(page, "end_login")).toHaveLength(2);
    expect(buttonsIn(page, "revoke")).toEqual(["web"]);
    expect(page.text).toMatch(/This browser/);
    expect(page.text.match(/<h2>[^<]*<\/h2>/g)).toHaveLength(3);
    const times = [...page.text.matchAll(/Last used <time datetime="([^"]+)"/g)].map(
      ([, at]) => at,
    );
    expect(times).toEqual(times.toSorted().toReversed());
    const { browser: stranger } = await newUser();
    expect(await stranger.open(PATH).then((shown) => buttonsIn(shown, "end_login"))).toEqual([]);
  });

  test("opens after a hundred sign-outs", async () => {
    const { browser, id, signIn } = await newUser();
    await browser.submit(await browser.open(PATH), { sign_out: "1" });
    // The mark of each sign-out is kept for a year.
    const copy = `INSERT INTO browser_sessions
      SELECT session_id || value, user_id, cookie_id, label, created_at_ms, authenticated_at_ms,
        ended_at_ms, needed_until_ms, offline_ended_at_ms
      FROM browser_sessions, json_each(?2) WHERE user_id = ?1`;
    const marks = JSON.stringify(Array.from({ length: 99 }, (_, index) => index));
    await env.DB.prepare(copy).bind(id, marks).run();
    await signIn(browser);
    expect(isSignIn(await browser.open(PATH))).toBe(false);
  });

  test("costs one round trip, and no write", async () => {
    const { browser } = await newUser();
    const counted = createCountedService(SETTINGS);
    const again = newBrowser(counted.service);
    for (const [name, value] of browser.cookies) again.cookies.set(name, value);
    const { cost } = await counted.costOf(() => again.open(PATH));
    expect(cost).toEqual({ "d1.batch": 1 });
    const forged = newBrowser(counted.service);
    forged.cookies.set("__Host-tollgate-session", "tgb_forged");
    expect((await counted.costOf(() => forged.open(PATH))).cost).toEqual({});
  });

  test("cannot be framed or cached, and its forms stay here", async () => {
    const { headers } = await (await newUser()).browser.open(PATH);
    expect(headers.get("Content-Security-Policy")).toContain("form-action 'self'");
    expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("Cache-Control")).toBe("no-store");
  });
});

test("a sign-in that storage fails keeps the name, and its log line says what failed", async () => {
  const failing = interceptBindings((_, proceed) => proceed().then(() => Promise.reject("down")));
  const browser = newBrowser(createService({ ...SETTINGS, ...failing }));
  const lines: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  const page = await browser.signIn(await browser.open(PATH), { username: "grace" });
  vi.restoreAllMocks();
  expect([page.status, page.headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(page.text).toContain('value="grace"');
  expect(lines.map((line) => JSON.parse(line).failure)).toEqual([
    { name: "Unavailable", message: expect.stringContaining("d1.find_accounts") },
  ]);
});

/** What a user can choose, and what is still valid afterwards. */
const CHOICES: readonly (readonly [
  name: string,
  choose: (page: Shown) => Readonly<Record<string, string>>,
  expected: Readonly<Record<"here" | "there" | "own" | "offline" | "remote", boolean>>,
])[] = [
  [
    "sign_out",
    () => ({ sign_out: "1" }),
    { here: false, there: true, own: false, offline: true, remote: true },
  ],
  [
    "end_session",
    (page) => ({ end_session: buttonsIn(page, "end_session")[0] ?? "" }),
    { here: true, there: false, own: true, offline: true, remote: false },
  ],
  [
    "end_login",
    (page) => ({ end_login: buttonsIn(page, "end_login")[0] ?? "" }),
    { here: true, there: true, own: true, offline: true, remote: false },
  ],
  [
    "end_all",
    () => ({ end_all: "1" }),
    { here: true, there: false, own: false, offline: false, remote: false },
  ],
  [
    "revoke",
    () => ({ revoke: "web" }),
    { here: true, there: true, own: false, offline: false, remote: false },
  ],
];

describe("a choice", () => {
  test.each(CHOICES)("%s ends exactly what it says", async (_, choose, expected) => {
    const { browser, signIn, id } = await newUser();
    const own = await logIn(browser, id);
    const offline = await logIn(browser, id, "read offline_access");
    passSeconds(60);
    const other = newBrowser(service);
    await signIn(other);
    const remote = await logIn(other, id, "read offline_access");
    passSeconds(60);
    const page = await browser.open(PATH);
    const shown = await browser.submit(page, choose(page));
    expect(shown).toMatchObject({ status: 200, location: null });
    expect({
      here: !isSignIn(await browser.open(PATH)),
      there: !isSignIn(await other.open(PATH)),
      own: await isActive(service, own.access_token),
      offline: await isActive(service, offline.access_token),
      remote: await isActive(service, remote.access_token),
    }).toEqual(expected);
    // Sent again, as by reloading: nothing fails.
    expect((await browser.submit(page, choose(page))).status).toBe(200);
  });

  test("to sign out ends logins with offline access too on a device of others", async () => {
    const { browser, id } = await newUser(true);
    const tokens = await logIn(browser, id, "read offline_access");
    await browser.submit(await browser.open(PATH), { sign_out: "1" });
    expect(await isActive(service, tokens.access_token)).toBe(false);
  });

  test("to sign in as another user on such a device ends them too", async () => {
    const { browser, id } = await newUser(true);
    const tokens = await logIn(browser, id, "read offline_access");
    passSeconds(60);
    await browser.signIn(await browser.authorize({ prompt: "login" }));
    expect((await browser.open(PATH)).text).toContain("<bdi>ada</bdi>");
    expect(await isActive(service, tokens.access_token)).toBe(false);
  });

  test("can be an imported login", async () => {
    const { browser, id } = await newUser();
    const { accessToken } = await importLogin({ userId: id, clientId: "web" });
    const page = await browser.open(PATH);
    const [login = ""] = buttonsIn(page, "end_login");
    const shown = await browser.submit(page, { end_login: login });
    expect(buttonsIn(shown, "end_login")).toEqual([]);
    expect(await isActive(service, accessToken)).toBe(false);
  });

  test("of another user's session or login does nothing", async () => {
    const victim = await newUser();
    const tokens = await logIn(victim.browser, victim.id);
    const own = await victim.browser.open(PATH);
    const select = "SELECT session_id FROM browser_sessions WHERE user_id = ?";
    const sid = await env.DB.prepare(select).bind(victim.id).first<string>("session_id");
    const { browser } = await newUser();
    const page = await browser.open(PATH);
    await browser.submit(page, { end_session: sid ?? "" });
    await browser.submit(page, { end_login: buttonsIn(own, "end_login")[0] ?? "" });
    await browser.submit(page, { revoke: "no such client" });
    expect(await isActive(service, tokens.access_token)).toBe(true);
    expect(isSignIn(await victim.browser.open(PATH))).toBe(false);
    const rows = env.DB.prepare("SELECT count(*) AS n FROM consents WHERE client_id LIKE 'no %'");
    expect(await rows.first("n")).toBe(0);
  });
});

describe("a form", () => {
  const SAME = { "Sec-Fetch-Site": "same-origin" };

  test.each([
    ["without its sealed field", {}, { sealed_form: undefined }, SAME, 303],
    ["with an altered field", {}, { sealed_form: "tgf_forged" }, SAME, 400],
    ["of another site", {}, {}, { "Sec-Fetch-Site": "cross-site" }, 403],
    ["of another site in an older browser", {}, {}, { Origin: "https://evil.example" }, 403],
    ["that does not say where it comes from", {}, {}, {}, 403],
    ["a day old", { seconds: 86_401 }, {}, SAME, 200],
    ["of another browser", { from: "another" }, {}, SAME, 200],
  ] as const)("%s changes nothing", async (_, stage, fields, headers, status) => {
    const { browser, signIn } = await newUser();
    const other = newBrowser(service);
    await signIn(other);
    const page = await ("from" in stage ? other : browser).open(PATH);
    if ("seconds" in stage) passSeconds(stage.seconds);
    const all = { sign_out: "1", ...fields };
    expect((await browser.submit(page, all, headers)).status).toBe(status);
    const { location } = await browser.authorize({ prompt: "none" });
    expect(location?.searchParams.get("error")).not.toBe("login_required");
  });

  test("of an authorization request is none of this page, and the reverse", async () => {
    const { browser } = await newUser();
    const account = await browser.open(PATH);
    const consent = await browser.authorize({ prompt: "consent" });
    const swapped = { ...account, request: consent.request };
    expect((await browser.submit(swapped, { sign_out: "1" })).status).toBe(400);
    const back = { ...consent, request: account.request };
    expect((await browser.submit(back, { decision: "allow" })).status).toBe(400);
  });

  test("of a user who was signed in before changes nothing", async () => {
    const { browser } = await newUser();
    const page = await browser.open(PATH);
    await browser.submit(await browser.open(PATH), { sign_out: "1" });
    await newUser(false, browser);
    const shown = await browser.submit(page, { sign_out: "1" });
    expect(shown.text).toContain("This browser");
    expect(isSignIn(await browser.open(PATH))).toBe(false);
  });
});
