import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAccountStore } from "../../src/storage/account.ts";
import { createBrowserSessionStore } from "../../src/storage/browser-sessions.ts";
import { createConsentStore } from "../../src/storage/consents.ts";
import { createSessionStore, type Session } from "../../src/storage/sessions.ts";
import { stopClock } from "../support/clock.ts";
import { adasId } from "../support/imported.ts";
import { createService, registerDefaults } from "../support/service.ts";

// A login is listed after its response, so that what ends it can come first.
const sessions = createSessionStore(env.DB);
const browsers = createBrowserSessionStore(env.DB, () => undefined);
const consents = createConsentStore(env.DB, () => undefined);
const account = createAccountStore(env.DB, () => undefined);

beforeAll(() => registerDefaults(createService()));
beforeEach(async () => {
  const tables = ["session_clients", "logout_deliveries", "consents", "sessions"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  await env.DB.exec("UPDATE users SET not_before_ms = 0, is_active = 1");
});
// Each end happens in the millisecond of the login.
stopClock();

/** Signs in with a new browser session. @returns the login, which is not listed yet */
async function logIn(isOffline = false): Promise<Session & { sessionId: string }> {
  const nowMs = Date.now();
  const ids = { userId: await adasId(), sessionId: crypto.randomUUID() };
  const neededUntilMs = nowMs + 3_600_000;
  const signIn = { ...ids, cookieId: "c", label: "", authenticatedAtMs: nowMs, neededUntilMs };
  await browsers.signIn(signIn, null, "online");
  return {
    ...{ ...ids, familyId: crypto.randomUUID(), clientId: "client", isOffline, label: "" },
    ...{ reportedBy: "https://login.example.com", createdAtMs: nowMs },
    ...{ lastRefreshedAtMs: nowMs, neededUntilMs },
  };
}

async function reports(): Promise<unknown[]> {
  const query = "SELECT client_id, user_id, session_id, state FROM logout_deliveries";
  return (await env.DB.prepare(query).all()).results;
}

function toTell(): Promise<number | null> {
  return env.DB.prepare("SELECT count(*) AS n FROM session_clients").first<number>("n");
}

const ENDS: Readonly<Record<string, (login: Session & { sessionId: string }) => Promise<unknown>>> =
  {
    "its browser session": (login) => browsers.end(login, "online", Date.now()),
    "all browser sessions but another": ({ userId }) =>
      account.endOthers({ userId, sessionId: "another" }, Date.now()),
    "the consent": ({ userId, clientId }) => consents.revoke(userId, clientId, Date.now()),
    "everything of the user": ({ createdAtMs }) =>
      env.DB.prepare("UPDATE users SET not_before_ms = ?")
        .bind(createdAtMs + 1)
        .run(),
    "what an inactive user has": () => env.DB.exec("UPDATE users SET is_active = 0"),
  };

describe("a client is told of a login that ended before it was listed:", () => {
  test.each(Object.entries(ENDS))("%s", async (_, end) => {
    const login = await logIn();
    await end(login);
    expect(await reports()).toEqual([]);
    await sessions.upsert(login);
    const { clientId: client_id, userId: user_id, sessionId: session_id } = login;
    expect(await reports()).toEqual([{ client_id, user_id, session_id, state: "pending" }]);
    // The write is repeated.
    await sessions.upsert(login);
    expect([(await reports()).length, await toTell()]).toEqual([1, 0]);
  });
});

test("a login with offline access, whose session was reported, is not reported again", async () => {
  const login = await logIn(true);
  await sessions.upsert(login);
  expect([(await reports()).length, await toTell()]).toEqual([0, 1]);
  await browsers.end(login, "online", Date.now());
  expect([(await reports()).length, await toTell()]).toEqual([1, 0]);
  await sessions.upsert({ ...login, lastRefreshedAtMs: Date.now() + 90_000_000 });
  expect([(await reports()).length, await toTell()]).toEqual([1, 0]);
});
