import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  CALLBACK,
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  obtainCode,
  registerWebApps,
  type Shown,
  type TestBrowser,
} from "../support/browsing.ts";
import { change, introspect, registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createLimitedService } from "../support/limited.ts";
import { refresh } from "../support/requests.ts";
import { createService } from "../support/service.ts";

const service = createService();
const GRACE = { username: "grace", password: "rear admiral" };
const HOUR_SECONDS = 3600;

beforeAll(async () => {
  await registerWebApps(service);
  await registerCheckers();
  const web = { client_secret: "secret", grant_types: ["authorization_code", "refresh_token"] };
  const redirect_uris = [CALLBACK, "https://other.example.com/callback"];
  await service.register({
    clients: [{ ...web, client_id: "two", redirect_uris, audience: ["https://api.example.com"] }],
    users: [GRACE],
  });
});
stopClock();
// The clock of a test may be earlier than that of the test before.
beforeEach(async () => {
  await env.DB.exec("DELETE FROM browser_sessions");
  await env.DB.exec("DELETE FROM consents");
  await env.DB.exec("UPDATE users SET is_active = 1, not_before_ms = 0");
});

/** A browser in which the default user is signed in and has consented to scope `read`. */
async function signedIn(fields: Changes = {}): Promise<TestBrowser> {
  const browser = newBrowser(service);
  await browser.allow(await browser.signIn(await browser.authorize(), fields));
  return browser;
}

const SHOWS = {
  code: { status: 302 },
  "sign-in": { status: 200, text: expect.stringContaining("current-password") },
  consent: { status: 200, text: expect.stringContaining('name="decision"') },
  choice: { status: 200, text: expect.stringContaining('value="continue"') },
} as const;

describe("the cookies", () => {
  test("are of this host alone, for HTTP alone, and not for forms of other sites", async () => {
    const browser = newBrowser(service);
    const page = await browser.authorize();
    const shown = await browser.signIn(page, { shared_device: "1" });
    const own = await browser.signIn(await browser.authorize({ prompt: "login" }));
    const lines = [page, shown, own].flatMap(({ headers }) => headers.getSetCookie());
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toMatch(/^__Host-tollgate-(browser|session)=[\w-]+; Path=\/; HttpOnly; /);
      expect(line).toContain("; SameSite=Lax; Secure");
    }
    // The session of a shared device ends with the browser.
    expect(lines.map((line) => line.includes("Max-Age="))).toEqual([true, false, true]);
  });

  test("have plain names over http, in development", async () => {
    const browser = newBrowser(service, "http://localhost:8787");
    await browser.signIn(await browser.authorize());
    expect([...browser.cookies.keys()]).toEqual(["tollgate-browser", "tollgate-session"]);
  });
});

describe("a browser session", () => {
  test.each<[string, () => Promise<unknown> | unknown, keyof typeof SHOWS]>([
    ["11 idle hours", () => passSeconds(11 * HOUR_SECONDS), "code"],
    ["12 idle hours", () => passSeconds(12 * HOUR_SECONDS), "sign-in"],
    [
      "a new password",
      () => change("users", "ada", `not_before_ms = ${Date.now() + 1}`),
      "sign-in",
    ],
    ["deactivation", () => change("users", "ada", "is_active = 0"), "sign-in"],
    ["its removal", () => env.DB.exec("DELETE FROM browser_sessions"), "sign-in"],
    ["its end", () => env.DB.exec("UPDATE browser_sessions SET ended_at_ms = 1"), "sign-in"],
  ])("after %s", async (_, end, expected) => {
    const browser = await signedIn();
    await end();
    expect(await browser.authorize()).toMatchObject(SHOWS[expected]);
    const { location } = await browser.authorize({ prompt: "none" });
    const error = location?.searchParams.get("error") ?? "code";
    expect(error).toBe(expected === "code" ? "code" : "login_required");
  });

  test("in use lasts 14 days, and its end ends no login", async () => {
    const browser = await signedIn();
    const { body } = await exchange(service, codeOf(await browser.authorize()));
    for (let hours = 10; hours < 14 * 24; hours += 11) {
      passSeconds(11 * HOUR_SECONDS);
      expect(await browser.authorize()).toMatchObject(SHOWS.code);
    }
    passSeconds(11 * HOUR_SECONDS);
    expect(await browser.authorize()).toMatchObject(SHOWS["sign-in"]);
    const refreshed = await refresh(service, String(body["refresh_token"]), {}, "web:secret");
    expect(refreshed).toMatchObject({ status: 200 });
  });

  test("of the same user goes on at the next sign-in, with its logins", async () => {
    const browser = await signedIn();
    const { body } = await exchange(service, codeOf(await browser.authorize()));
    passSeconds(60);
    await browser.signIn(await browser.authorize({ prompt: "login" }));
    const rows = env.DB.prepare("SELECT count(*) AS n FROM browser_sessions");
    expect(await rows.first("n")).toBe(1);
    const token = await introspect(service, String(body["access_token"]));
    expect(token.body).toMatchObject({ active: true });
  });
});

describe("a request of a user who is signed in, with", () => {
  const WIDER = { scope: "read write" };

  test.each<[Changes, keyof typeof SHOWS]>([
    [{}, "code"],
    [{ approval_prompt: "auto" }, "code"],
    [{ prompt: "unknown" }, "code"],
    [{ max_age: "60" }, "code"],
    [{ max_age: "59" }, "sign-in"],
    [{ max_age: "0" }, "sign-in"],
    [{ prompt: "login" }, "sign-in"],
    [{ prompt: "consent" }, "consent"],
    [{ approval_prompt: "force" }, "consent"],
    [{ prompt: "select_account" }, "choice"],
    [WIDER, "consent"],
    [{ resource: "https://api.example.com" }, "consent"],
    [{ client_id: "two" }, "consent"],
  ])("%j is shown: %s", async (changes, expected) => {
    const browser = await signedIn();
    passSeconds(60);
    expect(await browser.authorize(changes)).toMatchObject(SHOWS[expected]);
  });

  test("a new redirect host is asked for consent, once", async () => {
    const browser = newBrowser(service);
    const changes = { client_id: "two" };
    await browser.allow(await browser.signIn(await browser.authorize(changes)));
    const other = { ...changes, redirect_uri: "https://other.example.com/callback" };
    const page = await browser.authorize(other);
    expect(page).toMatchObject(SHOWS.consent);
    expect(page.text).toContain("<wbr>.example");
    await browser.allow(page);
    for (const each of [changes, other]) {
      expect(await browser.authorize(each)).toMatchObject(SHOWS.code);
    }
  });

  test("max_age and prompt=login is satisfied by a sign-in since the request", async () => {
    for (const changes of [{ max_age: "0" }, { prompt: "login", max_age: "1" }]) {
      const browser = await signedIn();
      passSeconds(60);
      const page = await browser.authorize(changes);
      passSeconds(HOUR_SECONDS);
      expect(codeOf(await browser.signIn(page))).toBeTruthy();
    }
  });

  test("select_account goes on as the user or as another one", async () => {
    const browser = await signedIn();
    passSeconds(60);
    const choice = await browser.authorize({ prompt: "select_account" });
    expect(choice.text).toContain("ada");
    expect(codeOf(await browser.submit(choice, { account: "continue" }))).toBeTruthy();
    const signIn = await browser.submit(choice, { account: "switch" });
    expect(signIn).toMatchObject(SHOWS["sign-in"]);
    expect(await browser.submit(signIn, GRACE)).toMatchObject(SHOWS.consent);
  });
});

describe("a request for more scopes than before (MCP's step-up)", () => {
  const tokensOf = async (page: Shown) => {
    const { body } = await exchange(service, codeOf(page));
    return body as { access_token: string; refresh_token: string; scope: string };
  };

  test.each(["read write", "write"])("for %s, keeps what was granted before", async (scope) => {
    const browser = await signedIn();
    const before = await tokensOf(await browser.authorize());
    const page = await browser.authorize({ scope });
    expect(page).toMatchObject(SHOWS.consent);
    expect(await tokensOf(await browser.allow(page))).toMatchObject({ scope });
    for (const granted of ["read", "write", "read write"]) {
      expect(await tokensOf(await browser.authorize({ scope: granted }))).toMatchObject({
        scope: granted,
      });
    }
    const active = { active: true, scope: "read" };
    expect((await introspect(service, before.access_token)).body).toMatchObject(active);
    const renewed = await refresh(service, before.refresh_token, {}, "web:secret");
    expect(renewed).toMatchObject({ status: 200, body: { scope: "read" } });
  });

  test("that is denied, keeps it too", async () => {
    const browser = await signedIn();
    const before = await tokensOf(await browser.authorize());
    const page = await browser.authorize({ scope: "read write" });
    await browser.submit(page, { decision: "deny" });
    expect(await browser.authorize()).toMatchObject(SHOWS.code);
    expect(await browser.authorize({ scope: "write" })).toMatchObject(SHOWS.consent);
    const { body } = await introspect(service, before.access_token);
    expect(body).toMatchObject({ active: true });
  });
});

describe("a consent form", () => {
  test("of a user who is no longer signed in here is shown again to the new one", async () => {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize());
    const { text } = await browser.submit(await browser.authorize({ prompt: "login" }), GRACE);
    expect(text).toContain("grace");
    const shown = await browser.allow(page);
    expect(shown).toMatchObject(SHOWS.consent);
    expect(shown.text).toContain("grace");
    expect((await env.DB.prepare("SELECT * FROM consents").all()).results).toEqual([]);
  });

  test("without a decision is shown again", async () => {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize());
    for (const fields of [{}, { decision: "" }, { decision: "Allow" }, { account: "continue" }]) {
      expect(await browser.submit(page, fields)).toMatchObject(SHOWS.consent);
    }
  });

  test("is shown for a loopback client, even if its row skips consent", async () => {
    await change("clients", "native", "skip_consent = 1");
    const native = { client_id: "native", redirect_uri: "http://127.0.0.1:51004/callback" };
    const browser = await signedIn();
    expect(await browser.authorize(native)).toMatchObject(SHOWS.consent);
    const { location } = await browser.authorize({ ...native, prompt: "none" });
    expect(location?.searchParams.get("error")).toBe("consent_required");
  });
});

describe("failures on the sign-in page", () => {
  const WRONG = { ...GRACE, password: "wrong" };

  test("slow down the user, at the token endpoint too", async () => {
    const limited = createLimitedService({ USER_FAILURES_FREE: 3 });
    const browser = newBrowser(limited.service);
    const page = await browser.authorize();
    for (let count = 0; count < 3; count += 1) {
      expect(await browser.signIn(page, WRONG)).toMatchObject({ status: 400 });
      await limited.settle();
    }
    const throttled = await browser.signIn(page, GRACE);
    expect(throttled).toMatchObject({ status: 429, location: null });
    expect(throttled.headers.get("Retry-After")).toMatch(/^\d+$/);
    const atTokenEndpoint = await limited.logIn(GRACE, { credentials: "other:secret" });
    expect(atTokenEndpoint).toMatchObject({ status: 429 });
  });

  test("through one client stop no other user of it", async () => {
    const limited = createLimitedService({ USER_FAILURES_FREE: 3, CLIENT_FAILURES_FREE: 3 });
    const attacker = newBrowser(limited.service);
    const page = await attacker.authorize();
    for (let count = 0; count < 8; count += 1) {
      await attacker.signIn(page, { username: `user ${count}`, password: "wrong" });
      await limited.settle();
    }
    const code = await obtainCode({
      fetch: (path, init) => {
        const headers = { ...init?.headers, "CF-Connecting-IP": "192.0.2.7" };
        return limited.service.fetch(path, { ...init, headers });
      },
    });
    expect(await exchange(limited.service, code)).toMatchObject({ status: 200 });
  });
});
