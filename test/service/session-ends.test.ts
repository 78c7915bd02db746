import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createBrowserSessionStore } from "../../src/storage/browser-sessions.ts";
import { createConsentStore } from "../../src/storage/consents.ts";
import { endAllSessions } from "../../src/storage/maintenance.ts";
import { exchange, newBrowser, registerWebApps } from "../support/browsing.ts";
import { introspect, registerCheckers, TOKENS } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { adasId, importLogin } from "../support/imported.ts";
import { manage, newUser, registerSite } from "../support/managing.ts";
import { logIn } from "../support/requests.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService({
  SCOPES: "read write groups offline_access",
  IMPORTED_TOKENS: "on",
});
const sessions = createBrowserSessionStore(env.DB, () => undefined);
const consents = createConsentStore(env.DB, () => undefined);

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
  await registerCheckers(service);
  await registerSite();
});
stopClock();

type Tokens = Readonly<Record<string, unknown>>;

const VALID = { introspect: true, strict: true, refresh: true };
const ENDED = { introspect: false, strict: false, refresh: false };

/** Where a login is still valid. Refreshes it last, since that replaces its tokens. */
async function validityOf({ access_token, refresh_token }: Tokens, credentials = "web:secret") {
  const { body } = await introspect(service, String(access_token));
  const { kind } = await TOKENS.verify(String(access_token), { consistency: "strict" });
  const fields = { grant_type: "refresh_token", refresh_token: String(refresh_token) };
  return {
    introspect: (body as { active: boolean }).active,
    strict: kind === "verified",
    refresh: (await service.token(fields, credentials)).status === 200,
  };
}

async function sessionIds(): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT session_id FROM browser_sessions").all();
  return results.map(({ session_id }) => String(session_id));
}

/** Signs in with a browser of its own. @returns tokens, and a code that was not exchanged */
async function begin(scope: string) {
  const known = await sessionIds();
  const browser = newBrowser(service);
  const page = await browser.signIn(await browser.authorize({ scope, prompt: "consent" }));
  const codeIn = (location: URL | null) => location?.searchParams.get("code") ?? "";
  const { body } = await exchange(service, codeIn((await browser.allow(page)).location));
  const [sessionId = ""] = (await sessionIds()).filter((id) => !known.includes(id));
  // Introspection depends on the row, which is written after the response.
  const count = env.DB.prepare("SELECT count(*) AS n FROM sessions WHERE session_id = ?");
  await eventually(async () => (await count.bind(sessionId).first("n")) === 1);
  return { sessionId, body, code: codeIn((await browser.authorize({ scope })).location) };
}

describe("a browser session that is ended", () => {
  test.each([
    ["online", "read", ENDED],
    ["online", "read offline_access", VALID],
    ["all", "read", ENDED],
    ["all", "read offline_access", ENDED],
  ] as const)("with %s logins: one with the scope %s", async (logins, scope, expected) => {
    const [one, other] = [await begin(scope), await begin(scope)];
    const userId = await adasId();
    await sessions.end({ userId, sessionId: one.sessionId }, logins, Date.now());
    expect(await validityOf(one.body)).toEqual(expected);
    expect(await exchange(service, one.code)).toMatchObject({ status: 400 });
    expect(await validityOf(other.body)).toEqual(VALID);
    expect(await exchange(service, other.code)).toMatchObject({ status: 200 });
  });
});

describe("a consent that is revoked", () => {
  test("ends all logins and codes of the user and the client, of whatever grant", async () => {
    const userId = await adasId();
    const { body, code } = await begin("read offline_access");
    const byPassword = { ...(await logIn(service)) };
    const pair = await importLogin();
    const imported = { access_token: pair.accessToken, refresh_token: pair.refreshToken };
    passSeconds(1);
    await consents.revoke(userId, "web", Date.now());
    expect(await validityOf(body)).toEqual(ENDED);
    expect(await exchange(service, code)).toMatchObject({ status: 400 });
    expect((await introspect(service, byPassword.access_token)).body).toMatchObject({
      active: true,
    });
    await consents.revoke(userId, "client", Date.now());
    expect(await validityOf(byPassword, "client:secret")).toEqual(ENDED);
    expect(await validityOf(imported, "client:secret")).toEqual(ENDED);
    // Consenting again revives nothing, and what begins then is valid.
    passSeconds(1);
    const again = await begin("read");
    expect(await validityOf(again.body)).toEqual(VALID);
    expect(await validityOf(body)).toEqual(ENDED);
    expect(await exchange(service, code)).toMatchObject({ status: 400 });
  });
});

test.each([
  ["a new password", (id: string) => manage("PUT", `${id}/password`, { password: "a new one" })],
  ["a deactivation", (id: string) => manage("PATCH", id, { is_active: false })],
  ["the end of all sessions of the user", (id: string) => manage("DELETE", `${id}/sessions`)],
  ["the end of all sessions", () => endAllSessions(env.DB)],
])("%s ends the browser sessions too", async (_, end) => {
  const { id, username } = await newUser({ password: "correct horse" });
  const browser = newBrowser(service);
  await browser.signIn(await browser.open("/o/account/"), { username });
  expect((await browser.open("/o/account/")).text).toContain("This browser");
  passSeconds(1);
  await end(`/admin/users/${id}`);
  expect((await browser.open("/o/account/")).text).toContain("current-password");
  const { location } = await browser.authorize({ prompt: "none" });
  expect(location?.searchParams.get("error")).toBe("login_required");
});

describe("an operator", () => {
  // Tests before moved the clock, so that what they began and ended is in the future now.
  beforeEach(async () => {
    const statements = [
      "UPDATE users SET not_before_ms = 0",
      "DELETE FROM consents",
      "DELETE FROM sessions",
    ];
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
  });

  const listOf = async (path: string) => {
    const { body } = await manage("GET", path);
    return (body as { items: Record<string, unknown>[] }).items;
  };

  test("lists the browsers of a user, and ends one with its logins", async () => {
    const [one, other] = [await begin("read offline_access"), await begin("read")];
    const path = `/admin/users/${await adasId()}`;
    const listed = await listOf(`${path}/browser-sessions`);
    expect(listed).toContainEqual({
      ...{ id: one.sessionId, label: "" },
      ...{ created_at: expect.any(String), authenticated_at: expect.any(String) },
    });
    const end = () => manage("DELETE", `${path}/browser-sessions/${one.sessionId}`);
    expect([(await end()).status, (await end()).status]).toEqual([204, 204]);
    expect(await validityOf(one.body)).toEqual(ENDED);
    expect(await validityOf(other.body)).toEqual(VALID);
    const left = await listOf(`${path}/browser-sessions`);
    expect(left.map(({ id }) => id).toSorted()).toEqual(
      listed.map(({ id }) => id).filter((id) => id !== one.sessionId),
    );
    const stranger = await newUser();
    const foreign = `/admin/users/${stranger.id}/browser-sessions/${other.sessionId}`;
    expect(await manage("DELETE", foreign)).toMatchObject({ status: 404 });
  });

  test("lists what a user allows, and revokes it with all logins", async () => {
    const { body } = await begin("read");
    const path = `/admin/users/${await adasId()}/consents`;
    expect(await listOf(path)).toEqual([
      {
        ...{ client_id: "web", client_name: "Photo Printer", scope: expect.stringMatching("read") },
        ...{ resources: [], redirect_hosts: ["app.example.com"], granted_at: expect.any(String) },
      },
    ]);
    // The clock of the database decides.
    vi.useRealTimers();
    expect((await manage("DELETE", `${path}/web`)).status).toBe(204);
    expect(await listOf(path)).toEqual([]);
    expect(await listOf(path.replace("consents", "sessions"))).toEqual([]);
    expect(await validityOf(body)).toEqual(ENDED);
    expect((await manage("DELETE", `${path}/no-such`)).status).toBe(404);
  });
});
