import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Dump, dumpStorage } from "../support/at-rest.ts";
import {
  exchange,
  newBrowser,
  obtainCode,
  registerWebApps,
  type Shown,
  type TestBrowser,
} from "../support/browsing.ts";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { createService } from "../support/service.ts";

const { service, costOf } = createCountedService({ RATE_LIMITS: "on" });

/** More rounds than the stored hashes have, so that a sign-in hashes the password again. */
const rehashing = createService({ RATE_LIMITS: "on", PASSWORD_HASH_ROUNDS: 2 });

let signedIn: TestBrowser;
beforeAll(async () => {
  await registerWebApps(service);
  signedIn = newBrowser(service);
  await signedIn.allow(await signedIn.signIn(await signedIn.authorize()));
});

/** The same browser, with the value of one cookie changed. */
function withCookie(kind: "session" | "browser", change: (value: string) => string): TestBrowser {
  const browser = newBrowser(service);
  for (const [name, value] of signedIn.cookies) {
    browser.cookies.set(name, name.endsWith(kind) ? change(value) : value);
  }
  return browser;
}

/** Another character at one place. */
function alter(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

/** One altered character at each of eight places, and what is no sealed value at all. */
function forgeriesOf(text: string): readonly string[] {
  const places = Array.from({ length: 8 }, (_, part) => Math.floor((part * text.length) / 8));
  const altered = [...places, text.length - 2].map((at) => alter(text, at));
  return [...altered, text.slice(0, -1), `${text}A`, text.slice(0, 4), "x", "x".repeat(5000)];
}

describe("an authorization request costs", () => {
  test("one query with a session and stored consent, and writes nothing", async () => {
    const before = await dumpStorage();
    const { answer, cost } = await costOf(() => signedIn.authorize());
    expect(answer.status).toBe(302);
    expect(cost).toEqual({ "d1.batch": 1 });
    expect(await dumpStorage()).toEqual(before);
  });

  test.each([
    ["without a cookie", () => newBrowser(service)],
    ["with a forged session cookie", () => withCookie("session", (value) => alter(value, 30))],
    ["with a shortened session cookie", () => withCookie("session", (value) => value.slice(0, 40))],
    ["with another browser cookie", () => withCookie("browser", () => "0".repeat(32))],
  ])("one query %s", async (_, browse) => {
    const { answer, cost } = await costOf(() => browse().authorize());
    expect(answer.status).toBeOneOf([200, 302]);
    expect(cost).toEqual({ "d1.batch": 1 });
  });

  test.each([
    ["no client_id", { client_id: undefined }],
    ["two client ids", { client_id: ["web", "web"] }],
    ["two redirect URIs", { redirect_uri: ["https://app.example.com/", "https://x.example/"] }],
    ["a query that is too long", { nonce: "x".repeat(7000) }],
  ])("nothing with %s", async (_, changes) => {
    const { answer, cost } = await costOf(() => newBrowser(service).authorize(changes));
    expect({ status: answer.status, cost }).toEqual({ status: 400, cost: {} });
  });
});

describe("what is forged costs no storage operation:", () => {
  test("the sealed field of a form", async () => {
    const browser = newBrowser(service);
    const page = await browser.authorize();
    for (const request of forgeriesOf(page.request ?? "")) {
      const { answer, cost } = await costOf(() => browser.signIn({ ...page, request }));
      expect({ status: answer.status, cost }).toEqual({ status: 400, cost: {} });
    }
  });

  test("a form from another site", async () => {
    const browser = newBrowser(service);
    const page = await browser.authorize();
    const headers = { "Sec-Fetch-Site": "cross-site" };
    const { answer, cost } = await costOf(() => browser.submit(page, {}, headers));
    expect({ status: answer.status, cost }).toEqual({ status: 403, cost: {} });
  });

  test("a code, except for the query of its client", async () => {
    const code = await obtainCode(service);
    await exchange(service, code);
    for (const forged of forgeriesOf(code)) {
      const { answer, cost } = await costOf(() => exchange(service, forged));
      expect({ status: answer.status, cost }).toEqual({ status: 400, cost: { "d1.batch": 1 } });
    }
  });

  test("a code without credentials", async () => {
    const { answer, cost } = await costOf(() => exchange(service, "tgc_x", {}, null));
    expect({ status: answer.status, cost }).toEqual({ status: 401, cost: {} });
  });
});

describe("nothing is stored but", () => {
  const counters = async () => (await listDurableObjectIds(env.FAILURE_COUNTERS)).length;
  const wrong = (browser: TestBrowser, page: Shown) => browser.signIn(page, { password: "wrong" });

  test("failure counters before sign-in", async () => {
    const before = await dumpStorage();
    const countersBefore = await counters();
    const browser = newBrowser(service);
    const page = await browser.authorize({ scope: "write" });
    await browser.authorize({ prompt: "none" });
    await browser.authorize({ client_id: "no-such-client" });
    expect(await counters()).toBe(countersBefore);
    for (const failed of [await wrong(browser, page), await browser.signIn(page, NO_ONE)]) {
      expect(failed.status).toBe(400);
    }
    expect(await dumpStorage()).toEqual(before);
    expect(await counters()).toBeGreaterThan(countersBefore);
  });

  test("the browser session and a new hash before consent", async () => {
    const { d1: before, ...othersBefore } = await dumpStorage();
    const browser = newBrowser(rehashing);
    const page = await browser.authorize({ scope: "write" });
    expect((await browser.signIn(page)).text).toContain('name="decision"');
    // The new hash is stored after the response.
    await eventually(async () => !isEqual((await dumpStorage()).d1["users"], before["users"]));
    const { d1: after, ...others } = await dumpStorage();
    expect(others).toEqual(othersBefore);
    expect(changedTables(before, after)).toEqual(["users", "browser_sessions"]);
    const sessionCount = before["browser_sessions"]?.length ?? 0;
    expect(after["browser_sessions"]).toHaveLength(sessionCount + 1);
    const withoutHash = (users: readonly unknown[] = []) =>
      users.map((user) => ({ ...(user as object), password_record: null }));
    expect(withoutHash(after["users"])).toEqual(withoutHash(before["users"]));
  });

  test("the consent before the exchange", async () => {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize({ scope: "write" }));
    const { d1: before, ...othersBefore } = await dumpStorage();
    expect((await browser.allow(page)).status).toBe(303);
    const { d1: after, ...others } = await dumpStorage();
    expect(others).toEqual(othersBefore);
    expect(changedTables(before, after)).toEqual(["consents"]);
  });
});

const NO_ONE = { username: "no such user", password: "wrong" };

function changedTables(before: Dump["d1"], after: Dump["d1"]): readonly string[] {
  return Object.keys(after).filter((table) => !isEqual(after[table], before[table]));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
