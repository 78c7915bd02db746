import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  registerWebApps,
  type Shown,
} from "../support/browsing.ts";
import { eventually } from "../support/eventually.ts";
import { createMovingService } from "../support/legacy.ts";
import { LEGACY_PASSWORD } from "../support/legacy-accounts.ts";
import { createService, type Service } from "../support/service.ts";

beforeAll(() => registerWebApps(createService()));

const OURS = /^\$pbkdf2-sha256\$/;
const newName = () => `ada-${crypto.randomUUID()}`;

/** Signs in on the page, in a browser that has never been here. */
async function signIn(service: Service, username: string, fields: Changes = {}) {
  const browser = newBrowser(service);
  const page = await browser.authorize();
  const shown = await browser.signIn(page, { username, password: LEGACY_PASSWORD, ...fields });
  return { browser, shown };
}

/** Signs in, allows what the client asks, and exchanges the code. */
async function tokensOf(service: Service, username: string) {
  const { browser, shown } = await signIn(service, username);
  const redirect = shown.location === null ? await browser.allow(shown) : shown;
  return exchange(service, codeOf(redirect));
}

async function rowsOf(username: string) {
  const query = "SELECT id, password_record FROM users WHERE username = ?";
  return (await env.DB.prepare(query).bind(username).all()).results;
}

const IS_SIGN_IN = { location: null, text: expect.stringContaining("current-password") };
const alertOf = ({ text }: Shown) => /<p[^>]* role="alert"[^>]*>(.*?)<\/p>/s.exec(text)?.[1];

describe("the sign-in page, while users move from an old server", () => {
  test("creates a user who is unknown here, by one call to the old endpoint", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    expect(await tokensOf(moving, username)).toMatchObject({ status: 200 });
    expect(await rowsOf(username)).toEqual([
      { id: expect.any(String), password_record: expect.stringMatching(OURS) },
    ]);
    expect(await tokensOf(moving, username)).toMatchObject({ status: 200 });
    expect(await moving.calls()).toMatchObject([{ form: { username } }]);
  });

  test("replaces a hash that it cannot verify, and keeps the user's id", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    const insert = "INSERT INTO users (id, username, password_record) VALUES (?, ?, '!')";
    await env.DB.prepare(insert).bind(username, username).run();
    expect(await tokensOf(moving, username)).toMatchObject({ status: 200 });
    await eventually(async () => {
      const [row] = await rowsOf(username);
      return row?.["id"] === username && OURS.test(String(row["password_record"]));
    });
    expect(await tokensOf(moving, username)).toMatchObject({ status: 200 });
    expect(await moving.calls()).toHaveLength(1);
  });

  test("says of a password that both reject what it says of any wrong one", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    const { shown } = await signIn(moving, username, { password: "wrong" });
    const known = await signIn(moving, "ada", { password: "wrong" });
    expect(shown).toMatchObject({ status: known.shown.status, ...IS_SIGN_IN });
    expect(alertOf(shown)).toBe(alertOf(known.shown));
    expect(alertOf(shown)).toBeTypeOf("string");
    expect(await moving.calls()).toHaveLength(1);
    expect(await rowsOf(username)).toEqual([]);
  });

  test("is shown again while the old server fails, and stores nothing", async () => {
    const username = newName();
    const { browser, shown } = await signIn(createMovingService("broken"), username);
    expect({ status: shown.status, names: [...browser.cookies.keys()] }).toEqual({
      status: 503,
      names: ["__Host-tollgate-browser"],
    });
    expect(await rowsOf(username)).toEqual([]);
  });
});
