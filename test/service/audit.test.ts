import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { AUDIT_ACTIONS, type AuditLine } from "../../src/telemetry/audit-event.ts";
import { askByAssertion, newAssertion, registerKeyClient } from "../support/assertions.ts";
import { exchange, newBrowser, obtainCode, registerWebApps } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { DJANGO_RECORDS, setSecretRecord } from "../support/django-records.ts";
import { eventually } from "../support/eventually.ts";
import { familyOf } from "../support/families.ts";
import { DJANGO_USER, setDjangoRecord } from "../support/fault-scenarios.ts";
import { adasId } from "../support/imported.ts";
import { interceptBindings } from "../support/interception.ts";
import { newKey } from "../support/keys.ts";
import { createMovingService } from "../support/legacy.ts";
import { newUser, ownToken, registerSite, send } from "../support/managing.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import {
  CLIENT,
  createService,
  LOGIN,
  registerDefaults,
  type Service,
} from "../support/service.ts";
import { delivered, WATCHING, watch } from "../support/watched.ts";

const service = createService(WATCHING);
const key = newKey();

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
  await registerSite();
  await service.register({ users: [{ username: DJANGO_USER, password: "correct horse" }] });
  await registerKeyClient(service, "signer", await key);
});
stopClock();
const watched = watch();

async function idOf(username: string): Promise<string | null> {
  const select = env.DB.prepare("SELECT id FROM users WHERE username = ?").bind(username);
  return select.first<string>("id");
}

function revoke(token: string, on: Service = service) {
  return post(on, new URLSearchParams({ token }), basic(CLIENT), "/o/revoke_token/");
}

/** Forgets what happened so far in a test. */
function forget(): void {
  for (const all of [watched.console, watched.queue] as unknown[][]) all.length = 0;
}

/** Submits a choice of the account page. */
function onAccountPage(fields: Record<string, string>, expected: Partial<AuditLine>) {
  return async () => {
    const { browser, page } = await openAccount();
    await browser.submit(page, fields);
    return { user_id: await adasId(), ...expected };
  };
}

/** Causes an event. @returns its expected further fields */
const DEEDS: Readonly<Record<string, () => Promise<Partial<AuditLine>>>> = {
  async managed() {
    const { id } = await newUser();
    const token = await ownToken();
    forget();
    const call = { method: "DELETE", path: `/admin/users/${id}/sessions` };
    await send(call, token, createService({ ...WATCHING, MANAGEMENT_API: "on" }));
    return { reason: "end_user_sessions", user_id: id, actor_id: "site" };
  },
  async "managed, a resource"() {
    const token = await ownToken();
    forget();
    const path = `/admin/resources/${encodeURIComponent("https://api.example.com")}`;
    const call = { method: "PUT", path, body: { scope: "read" } };
    await send(call, token, createService({ ...WATCHING, MANAGEMENT_API: "on" }));
    return { reason: "set_resource", actor_id: "site" };
  },
  async "family_revoked, reuse"() {
    const { refresh_token } = await logIn(service);
    granted(await refresh(service, refresh_token));
    passSeconds(60);
    await refresh(service, refresh_token);
    const family_id = (await familyOf(refresh_token)).id.toString();
    const user_id = await adasId();
    return { reason: "reuse", client_id: "client", user_id, family_id };
  },
  async "refresh_token_replayed, raced"() {
    const { refresh_token } = await logIn(service);
    granted(await refresh(service, refresh_token));
    await refresh(service, refresh_token);
    const family_id = (await familyOf(refresh_token)).id.toString();
    const user_id = await adasId();
    return { reason: "raced", client_id: "client", user_id, family_id };
  },
  async "family_revoked, rolled back"() {
    const { refresh_token } = await logIn(service);
    const { refresh_token: next } = granted(await refresh(service, refresh_token));
    const family = await familyOf(refresh_token);
    await rollBack(refresh_token);
    await refresh(service, next);
    return { reason: "rolled_back", client_id: "client", family_id: family.id.toString() };
  },
  async "family_revoked, by the client"() {
    const { refresh_token } = await logIn(service);
    await revoke(refresh_token);
    const family_id = (await familyOf(refresh_token)).id.toString();
    return { reason: "client_request", client_id: "client", family_id };
  },
  async token_revoked() {
    const answer = await ask(service, { grant_type: "client_credentials" });
    await revoke(granted(answer).access_token);
    return { client_id: "client" };
  },
  async password_rehashed() {
    await setDjangoRecord();
    await ask(service, { ...LOGIN, username: DJANGO_USER });
    await eventually(() => watched.audits().length > 0);
    return { user_id: (await idOf(DJANGO_USER)) ?? "" };
  },
  async secret_rehashed() {
    await setSecretRecord(service, "imported", DJANGO_RECORDS.short);
    await ask(service, { grant_type: "client_credentials" }, "imported:correct horse");
    await eventually(() => watched.audits().length > 0);
    return { client_id: "imported" };
  },
  async user_adopted() {
    const moving = createMovingService("trusting", WATCHING);
    granted(await ask(moving, { ...LOGIN, username: "newcomer" }));
    return { user_id: (await idOf("newcomer")) ?? "" };
  },
  async signed_in() {
    const browser = newBrowser(service);
    await browser.signIn(await browser.authorize());
    return { user_id: await adasId() };
  },
  "browser_session_ended, signed out": onAccountPage({ sign_out: "1" }, { reason: "signed_out" }),
  "browser_session_ended, all others": onAccountPage({ end_all: "1" }, { reason: "all_others" }),
  consent_revoked: onAccountPage({ revoke: "web" }, { client_id: "web" }),
  async "family_revoked, by the user"() {
    const { refresh_token } = await logIn(service);
    const { id } = await familyOf(refresh_token);
    await eventually(async () => (await openAccount()).page.text.includes(id.toString()));
    const { browser, page } = await openAccount();
    await browser.submit(page, { end_login: id.toString() });
    return { client_id: "client", family_id: id.toString(), reason: "account_page" };
  },
  async consent_granted() {
    const browser = newBrowser(service);
    const page = await browser.signIn(await browser.authorize());
    forget();
    await browser.allow(page);
    return { user_id: await adasId(), client_id: "web" };
  },
  async code_replayed() {
    const code = await obtainCode(service);
    await exchange(service, code);
    forget();
    await exchange(service, code);
    return { user_id: await adasId(), client_id: "web", reason: "raced" };
  },
  async "family_revoked, code reuse"() {
    const code = await obtainCode(service);
    await exchange(service, code);
    passSeconds(30);
    forget();
    await exchange(service, code);
    return { user_id: await adasId(), client_id: "web", reason: "code_reuse" };
  },
  async assertion_replayed() {
    const assertion = await newAssertion("signer", await key);
    await askByAssertion(service, assertion);
    await askByAssertion(service, assertion);
    return { client_id: "signer" };
  },
};

/** Signs in on the account page. */
async function openAccount() {
  const browser = newBrowser(service);
  await browser.signIn(await browser.open("/o/account/"));
  const page = await browser.open("/o/account/");
  forget();
  return { browser, page };
}

/** Puts a family back to where it began, as a restore of its storage would. */
async function rollBack(refreshToken: string): Promise<void> {
  await runInDurableObject(await familyOf(refreshToken), (_, { storage }) => {
    const row = storage.kv.get<{ state: { live: object } }>("family");
    const live = { ...row?.state.live, generation: 0 };
    storage.kv.put("family", { ...row, state: { ...row?.state, live } });
  });
}

describe("an audit event", () => {
  test.each(Object.entries(DEEDS))("%s: goes to the log and to the queue", async (name, does) => {
    const action = name.split(",")[0];
    const startedAtMs = Date.now();
    const expected = await does();
    const request = watched.requests().at(-1);
    const [event] = watched.audits();
    expect(watched.audits()).toHaveLength(1);
    expect(event).toMatchObject({ event: "audit", action, ...expected });
    expect(event?.at).toBe(new Date(Date.parse(event?.at ?? "")).toISOString());
    expect(Date.parse(event?.at ?? "")).toBeGreaterThanOrEqual(startedAtMs);
    expect(Date.parse(event?.at ?? "")).toBeLessThanOrEqual(Date.now());
    expect(event?.request_id).toBe(request?.request_id);
    expect(watched.queue).toEqual([event]);
    await eventually(async () => {
      return (await delivered()).some(({ request_id }) => request_id === event?.request_id);
    });
    expect(await delivered()).toContainEqual(event);
  });

  test("of every kind is among these", () => {
    // No request causes it: see openid-backchannel.test.ts.
    const actions = ["logout_undelivered", ...Object.keys(DEEDS).map((name) => name.split(",")[0])];
    expect([...new Set(actions)].toSorted()).toEqual(Object.keys(AUDIT_ACTIONS).toSorted());
  });

  test.each([
    ["a login", () => logIn(service)],
    ["a wrong password", () => ask(service, { ...LOGIN, password: "wrong" })],
    ["a wrong secret", () => ask(service, LOGIN, "client:wrong")],
    ["a revocation that ends nothing", () => revoke("unknown")],
  ])("is not made of %s", async (_, work) => {
    await work();
    expect(watched.requests()).toHaveLength(1);
    expect(watched.audits()).toEqual([]);
  });

  test("is not written for a rehash that lost to a concurrent one", async () => {
    await setDjangoRecord();
    const overtaken = createService(
      interceptBindings(async (operation, proceed) => {
        if (operation === "d1.run") {
          await env.DB.exec(`UPDATE users SET password_record = '!' WHERE username = 'django'`);
          over.resolve();
        }
        return proceed();
      }),
    );
    const over = Promise.withResolvers<void>();
    await ask(overtaken, { ...LOGIN, username: DJANGO_USER });
    await over.promise;
    await scheduler.wait(0);
    expect(watched.audits()).toEqual([]);
  });
});

describe("a queue that fails", () => {
  test.each([
    ["refuses", () => Promise.reject(new Error("Queue is overloaded"))],
    [
      "throws",
      () => {
        throw new Error("Queue is overloaded");
      },
    ],
  ])("never fails a request, when it %s", async (_, send) => {
    const broken = createService({ AUDIT_EVENTS: { send } });
    const { refresh_token } = await logIn(broken);
    expect(await revoke(refresh_token, broken)).toMatchObject({ status: 200 });
    expect(watched.audits()).toHaveLength(1);
    await eventually(() => watched.failures().length > 0);
    const [{ request_id } = {}] = watched.audits();
    expect(watched.failures()).toEqual([
      {
        event: "audit_queue_failed",
        request_id,
        failure: expect.objectContaining({ name: "Error" }),
      },
    ]);
  });

  test("never holds up a response", async () => {
    const { promise: delivery, resolve: deliver } = Promise.withResolvers<void>();
    const slow = createService({ AUDIT_EVENTS: { send: () => delivery } });
    const { refresh_token } = await logIn(slow);
    expect(await revoke(refresh_token, slow)).toMatchObject({ status: 200 });
    deliver();
  });
});

test("deferred work that fails is a line of its own", async () => {
  await setDjangoRecord();
  const broken = createService(
    interceptBindings((operation, proceed) => {
      if (operation === "d1.run") throw new Error("D1_ERROR: Network connection lost");
      return proceed();
    }),
  );
  expect(await ask(broken, { ...LOGIN, username: DJANGO_USER })).toMatchObject({ status: 200 });
  await eventually(() => watched.failures().length > 0);
  const message = "d1.replace_password_record failed: D1_ERROR: Network connection lost";
  expect(watched.failures()).toEqual([
    {
      event: "deferred_failed",
      request_id: watched.requests()[0]?.request_id,
      failure: { name: "Unavailable", message },
    },
  ]);
});
