import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { createConsentStore } from "../../src/storage/consents.ts";
import {
  CALLBACK,
  codeOf,
  exchange,
  newBrowser,
  registerWebApps,
  type TestBrowser,
} from "../support/browsing.ts";
import { adasId } from "../support/imported.ts";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";

const sound = createService();

const CLIENT_ENTRY = {
  client_id: "client",
  grant_types: ["password", "refresh_token", "client_credentials"],
};

/** What the operator does during a login, and undoes where the login must be seen to fail. */
const ACTS: readonly (readonly [string, () => Promise<void>])[] = [
  [
    "a password change",
    () => sound.register({ users: [{ username: "ada", password: "new password" }] }),
  ],
  [
    "the user's deactivation",
    async () => {
      await sound.register({ users: [{ username: "ada", is_active: false }] });
      await sound.register({ users: [{ username: "ada" }] });
    },
  ],
  [
    "the client's",
    async () => {
      await sound.register({ clients: [{ ...CLIENT_ENTRY, disabled: true }] });
      await sound.register({ clients: [CLIENT_ENTRY] });
    },
  ],
];

beforeEach(async () => {
  await registerDefaults(sound);
});

/** A service in which something happens right after the accounts of a request were read. */
function overtakenBy(act: () => Promise<void>): Service {
  const bindings = interceptBindings(async (operation, proceed) => {
    const result = await proceed();
    if (operation === "d1.batch") {
      await scheduler.wait(5);
      await act();
      await scheduler.wait(5);
    }
    return result;
  });
  return createService({ ...bindings });
}

describe("a login that is overtaken", () => {
  test.each(ACTS)("by %s has ended when it is answered", async (_, act) => {
    const tokens = await logIn(overtakenBy(act));
    expect(await isActive(sound, tokens.access_token)).toBe(false);
    expect(await refresh(sound, tokens.refresh_token)).toEqual(INVALID_GRANT);
  });
});

test("a client's own token that is overtaken by its deactivation has ended too", async () => {
  const [, , [, act]] = ACTS as readonly [unknown, unknown, (typeof ACTS)[number]];
  const answer = await ask(overtakenBy(act), { grant_type: "client_credentials" });
  expect(await isActive(sound, granted(answer).access_token)).toBe(false);
});

/** The same browser at a service in which something happens once, after the first look-ups. */
function goOn({ cookies }: TestBrowser, act: () => Promise<void>): TestBrowser {
  let acted = false;
  const once = async () => {
    if (acted) return;
    acted = true;
    await act();
  };
  const browser = newBrowser(overtakenBy(once));
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  return browser;
}

describe("in a browser", () => {
  beforeEach(() => registerWebApps(sound));

  test.each(ACTS.slice(0, 2))("a sign-in that is overtaken by %s has ended", async (_, act) => {
    const browser = newBrowser(sound);
    const page = await browser.open("/o/account/");
    const overtaken = goOn(browser, act);
    expect(await overtaken.signIn(page)).toMatchObject({ status: 303 });
    expect((await overtaken.open("/o/account/")).text).toContain("current-password");
  });

  const WEB = { client_id: "web", grant_types: ["authorization_code"], redirect_uris: [CALLBACK] };

  test.each<[string, () => Promise<void>]>([
    [
      "the user, who revokes the consent",
      async () => {
        const consents = createConsentStore(env.DB, () => undefined);
        await consents.revoke(await adasId(), "web", Date.now());
      },
    ],
    [
      "the client's deactivation",
      async () => {
        await sound.register({ clients: [{ ...WEB, disabled: true }] });
        await sound.register({ clients: [WEB] });
      },
    ],
  ])("a code that is overtaken by %s has ended", async (_, act) => {
    const browser = newBrowser(sound);
    await browser.allow(await browser.signIn(await browser.authorize()));
    const code = codeOf(await goOn(browser, act).authorize());
    expect(await exchange(sound, code)).toMatchObject({ status: 400 });
    const next = await browser.authorize({ prompt: "consent" });
    expect(await exchange(sound, codeOf(await browser.allow(next)))).toMatchObject({ status: 200 });
  });
});

test("a login right after a password change is valid at once", async () => {
  await sound.register({ users: [{ username: "ada", password: "new password" }] });
  const tokens = await logIn(sound, { ...LOGIN, password: "new password" });
  expect(await isActive(sound, tokens.access_token)).toBe(true);
});
