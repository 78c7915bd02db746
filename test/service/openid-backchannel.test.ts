import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { endAllSessions } from "../../src/storage/maintenance.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { BACK, newToldClient, type ToldClient, verifyLogoutToken } from "../support/backchannel.ts";
import { newBrowser, type TestBrowser } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { manage, registerSite } from "../support/managing.ts";
import { authorizeOpenId, GRACE, get, registerRelyingParty } from "../support/relying-party.ts";
import { createService, type Service } from "../support/service.ts";
import { watch } from "../support/watched.ts";

// OpenID Connect Back-Channel Logout 1.0: the modules of the OpenID Foundation's plan, by their
// names; what ends a session; and what happens when a client does not respond.
const service: Service = createService();

stopClock();
const watched = watch();
// An hour ahead, so that no alarm rings by itself: `runDurableObjectAlarm` would wait for it forever.
beforeEach(() => passSeconds(3600));
let client: ToldClient;
beforeAll(async () => {
  await registerRelyingParty(service);
  await registerSite();
  client = await newToldClient(service);
});

const leave = (browser: TestBrowser, fields: Record<string, string>) => {
  return browser.open(`/o/logout/?${new URLSearchParams(fields)}`);
};

const MODULES: Readonly<Record<string, () => Promise<void>>> = {
  "oidcc-backchannel-logout-discovery-endpoint-verification": async () => {
    const { text } = await get(service, "/.well-known/openid-configuration");
    expect(JSON.parse(text)).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      end_session_endpoint: "https://login.example.com/o/logout/",
    });
  },
  "oidcc-backchannel-rp-initiated-logout": async () => {
    const own = await newToldClient(service);
    const { browser, idToken, sid, sub } = await own.signIn();
    const fields = { id_token_hint: idToken, post_logout_redirect_uri: BACK, state: "state-1" };
    const { status, location } = await leave(browser, fields);
    expect([status, location?.href]).toEqual([302, `${BACK}?state=state-1`]);
    await own.untilOver(sid);
    const received = await own.received();
    expect(received).toEqual([
      {
        method: "POST",
        contentType: expect.stringMatching(/^application\/x-www-form-urlencoded\b/),
        userAgent: "Tollgate",
        body: expect.stringMatching(/^logout_token=[\w.-]+$/),
      },
    ]);
    const claims = received[0] && (await verifyLogoutToken(service, received[0], own.id));
    const issuedAt = Math.floor(Date.now() / 1000);
    expect(claims).toEqual({
      ...{ iss: "https://login.example.com", sub, aud: own.id, sid },
      ...{ iat: issuedAt, exp: issuedAt + 120, jti: expect.stringMatching(/^[\da-f-]{36}$/) },
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    const silent = await authorizeOpenId(browser, { prompt: "none" });
    expect(silent.location?.searchParams.get("error")).toBe("login_required");
  },
};

describe("Back-Channel OP", () => {
  test.each(Object.entries(MODULES))("%s", async (_, run) => {
    await run();
  });
});

const graceId = async () => {
  return String(await env.DB.prepare("SELECT id FROM users WHERE username = 'grace'").first("id"));
};

type SignedIn = Awaited<ReturnType<ToldClient["signIn"]>>;

/** Submits a button of the account page. */
const press = async (browser: TestBrowser, button: string, value = "1") => {
  await browser.submit(await browser.open("/o/account/"), { [button]: value });
};

const familyOf = async ({ sid }: SignedIn) => {
  const select = env.DB.prepare("SELECT family_id FROM sessions WHERE session_id = ?");
  return String(await select.bind(sid).first("family_id"));
};

const user = async () => `/admin/users/${await graceId()}`;

/** Everything that ends a browser session, or the access of a client in it. */
const ENDS: Readonly<Record<string, (one: SignedIn) => Promise<unknown>>> = {
  "signing out on the account page": ({ browser }) => press(browser, "sign_out"),
  "ending the session from another browser": async ({ sid }) => {
    const other = newBrowser(service);
    await other.submit(await other.open("/o/account/"), GRACE);
    await press(other, "end_session", sid);
  },
  "ending all else from another browser": async () => {
    const other = newBrowser(service);
    await other.submit(await other.open("/o/account/"), GRACE);
    await press(other, "end_all");
  },
  "ending all else from this browser, with its logins": ({ browser }) => press(browser, "end_all"),
  "ending the login on the account page": async (one) => {
    await press(one.browser, "end_login", await familyOf(one));
  },
  "revoking the consent on the account page": ({ browser }) => {
    return press(browser, "revoke", client.id);
  },
  "another user's sign-in in this browser": async ({ browser }) => {
    const page = await browser.authorize({
      client_id: client.id,
      scope: "openid",
      prompt: "login",
    });
    await browser.submit(page, { username: "heidi", password: "mountains" });
  },
  "ending the browser session by the API": async ({ sid }) => {
    await manage("DELETE", `${await user()}/browser-sessions/${sid}`);
  },
  "ending the login by the API": async (one) => {
    await manage("DELETE", `${await user()}/sessions/${await familyOf(one)}`);
  },
  "ending all sessions by the API": async () => manage("DELETE", `${await user()}/sessions`),
  "revoking the consent by the API": async () => {
    await manage("DELETE", `${await user()}/consents/${client.id}`);
  },
  "a new password": async () => manage("PUT", `${await user()}/password`, GRACE_PASSWORD),
  "disabling the user": async () => {
    await manage("PATCH", await user(), { is_active: false });
    await manage("PATCH", await user(), { is_active: true });
  },
  "a command, found by the sweep": async ({ sid }) => {
    const write = { kind: "end_browser_session", username: "grace", userId: await graceId() };
    await createRegistry(env.DB).write([{ ...write, kind: "end_browser_session", sessionId: sid }]);
    await sweep();
  },
  "the command that ends all sessions, found by the sweep": async () => {
    await endAllSessions(env.DB);
    await sweep();
  },
  "deleting the user": async () => {
    await manage("DELETE", await user());
    await service.register({ users: [GRACE] });
  },
};

const GRACE_PASSWORD = { password: GRACE.password };

/** Runs the cron trigger. */
const sweep = async () => worker.scheduled({} as ScheduledController, service.env);

describe("a client is told of", () => {
  // Ends by the clock of D1 must be later than what began by the stopped one.
  test.each(Object.entries(ENDS))("%s", async (_, end) => {
    await env.DB.prepare("UPDATE users SET not_before_ms = 0 WHERE username = 'grace'").run();
    const signedIn = await client.signIn();
    const { sid } = signedIn;
    await end(signedIn);
    expect(await client.untilOver(sid)).toMatchObject({ state: "delivered", tries: 1 });
    const last = (await client.received()).at(-1);
    expect(last && (await verifyLogoutToken(service, last, client.id))).toMatchObject({ sid });
  });
});

describe("a client is not told", () => {
  test("of other sessions, nor twice of one", async () => {
    const [here, there] = [await client.signIn(), await client.signIn()];
    await leave(here.browser, { id_token_hint: here.idToken });
    await leave(here.browser, { id_token_hint: here.idToken });
    await client.untilOver(here.sid);
    const told = (await client.log()).map(({ session_id }) => session_id);
    expect(told.filter((sid) => [here.sid, there.sid].includes(sid))).toEqual([here.sid]);
    expect((await authorizeOpenId(there.browser, { prompt: "none" })).location).not.toBeNull();
  });

  test("of a sign-in without `openid`, or without a URI", async () => {
    const told = await client.log();
    const without = await newToldClient(service, null);
    const { browser } = await client.signIn(newBrowser(service), "read");
    await without.signIn(browser);
    await press(browser, "sign_out");
    expect([await client.log(), await without.log()]).toEqual([told, []]);
  });
});

/** Signs in to a client, and ends the session. */
async function endedSession(at: ToldClient) {
  const { browser, idToken, sid } = await at.signIn();
  await leave(browser, { id_token_hint: idToken });
  return { sid, sender: env.LOGOUT_SENDERS.getByName(at.id) };
}

describe("a client that", () => {
  test.each([
    ["responds 204", "204", "delivered", "http_204"],
    ["responds 400: no retry", "400", "failed", "http_400"],
    ["redirects: not followed, no retry", "302", "failed", "http_302"],
    ["does not know the path: no retry", "404", "failed", "http_404"],
  ])("%s", async (_, plays, state, last_result) => {
    const own = await newToldClient(service, plays);
    const { sid } = await endedSession(own);
    const expected = { state, last_result, tries: 1, next_try_at_ms: null };
    expect(await own.untilOver(sid)).toMatchObject(expected);
    expect(await own.received()).toHaveLength(1);
    const ids = { client_id: own.id, user_id: await graceId() };
    const outcome = state === "delivered" ? "ok" : "refused";
    const status = Number(plays);
    expect(watched.logouts()).toEqual([expect.objectContaining({ ...ids, outcome, status })]);
    const audits = watched.audits().filter(({ action }) => action === "logout_undelivered");
    expect(audits).toMatchObject(state === "failed" ? [{ ...ids, reason: last_result }] : []);
    // Never a token.
    expect(JSON.stringify(watched.console)).not.toContain("eyJ");
  });

  test("is down and comes back is told later, with a new token", async () => {
    const own = await newToldClient(service, "503-hangup-429-200");
    const { sid, sender } = await endedSession(own);
    for (const [index, pause] of [10, 30, 90].entries()) {
      await vi.waitUntil(async () => {
        await runDurableObjectAlarm(sender);
        return (await own.log())[0]?.tries === index + 1;
      });
      const [row] = await own.log();
      expect(row?.next_try_at_ms).toBe(Date.now() + pause * 1000);
      // Not before its time, even when it is woken.
      await sender.wake(own.id);
      await runDurableObjectAlarm(sender);
      expect(await own.received()).toHaveLength(index + 1);
      passSeconds(pause);
    }
    expect(await own.untilOver(sid)).toMatchObject({ state: "delivered", tries: 4 });
    const received = await own.received();
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ body }) => body)).size).toBe(4);
  });

  test("stays down is given up after eight tries in three hours", async () => {
    const own = await newToldClient(service, "500");
    const { sender } = await endedSession(own);
    const startMs = Date.now();
    for (let tries = 1; tries <= 8; tries += 1) {
      await vi.waitUntil(async () => {
        await runDurableObjectAlarm(sender);
        return (await own.log())[0]?.tries === tries;
      });
      const [row] = await own.log();
      if (row?.next_try_at_ms) vi.setSystemTime(row.next_try_at_ms);
    }
    const last = { state: "failed", tries: 8, last_result: "http_500", next_try_at_ms: null };
    expect(await own.log()).toMatchObject([last]);
    expect((Date.now() - startMs) / 3_600_000).toBeCloseTo(3, 0);
    expect(await own.received()).toHaveLength(8);
  });

  test("was deleted before the delivery, or lost its URI, is not told", async () => {
    const own = await newToldClient(service);
    const { browser, sid } = await own.signIn();
    await env.DB.prepare("DELETE FROM clients WHERE client_id = ?").bind(own.id).run();
    await press(browser, "sign_out");
    const expected = { state: "failed", last_result: "no_uri" };
    expect(await own.untilOver(sid)).toMatchObject(expected);
    expect(await own.received()).toEqual([]);
  });
});

test("the sweep removes outdated rows, also those of a large service", async () => {
  const many = JSON.stringify(Array.from({ length: 1000 }, (_, index) => index));
  const insert = (columns: string, values: string) => {
    const query = `INSERT INTO ${columns} SELECT ${values} FROM json_each(?)`;
    return env.DB.prepare(query).bind(many);
  };
  const common = "session_id, client_id, user_id, issuer_url";
  const old = "'old ' || value, 'shop', 'ada', 'https://login.example.com', 1";
  await env.DB.batch([
    insert(`session_clients (${common}, needed_until_ms)`, old),
    insert(`logout_deliveries (${common}, ended_at_ms, next_try_at_ms)`, `${old}, NULL`),
  ]);
  await sweep();
  const count = (table: string) => {
    return env.DB.prepare(`SELECT count(*) AS rows FROM ${table} WHERE session_id LIKE 'old %'`);
  };
  const left = await env.DB.batch([count("session_clients"), count("logout_deliveries")]);
  expect(left.map(({ results }) => results)).toEqual([[{ rows: 0 }], [{ rows: 0 }]]);
});

test("an operator lists what a client was told, the latest first", async () => {
  const own = await newToldClient(service, "500-204");
  const first = await own.signIn();
  await leave(first.browser, { id_token_hint: first.idToken });
  const second = await endedSession(own);
  await own.untilOver(second.sid);
  const path = `/admin/clients/${own.id}/logouts`;
  const common = { user_id: await graceId(), ended_at: expect.stringMatching(/^20.*Z$/), tries: 1 };
  const [tried_at, next_try_at] = [expect.any(String), expect.any(String)];
  const failed = { session_id: first.sid, state: "pending", last_result: "http_500", next_try_at };
  const done = { session_id: second.sid, state: "delivered", last_result: "http_204" };
  const { body } = await manage("GET", path);
  expect(body).toEqual({
    items: [
      { id: expect.any(String), ...common, ...done, tried_at, next_try_at: null },
      { id: expect.any(String), ...common, ...failed, tried_at },
    ],
    next: null,
  });
  const page = (await manage("GET", `${path}?limit=1`)).body as { items: unknown[]; next: string };
  const rest = (await manage("GET", `${path}?limit=1&after=${page.next}`)).body;
  expect([...page.items, ...(rest as typeof page).items]).toEqual((body as typeof page).items);
});
