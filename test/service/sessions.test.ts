import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createSessionStore } from "../../src/storage/sessions.ts";
import { introspect, registerCheckers, revoke, TOKENS } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors } from "../support/faulty.ts";
import { importLogin } from "../support/imported.ts";
import { interceptBindings } from "../support/interception.ts";
import { MANAGED, manage, newUser, registerSite } from "../support/managing.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import { INVALID_GRANT, success, type WholeAnswer } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService({ IMPORTED_TOKENS: "on" });
const DAY_SECONDS = 86_400;
const ALL_SCOPES = "read write groups";
const PASSWORD = "a user's password";

captureErrors();
stopClock();

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerCheckers(MANAGED);
  await registerSite();
});

interface Session {
  readonly id: string;
  readonly client_id: string;
  readonly label: string;
  readonly created_at: string;
  readonly last_refreshed_at: string;
  readonly imported: boolean;
}

async function sessionsOf(userId: string): Promise<Session[]> {
  const { body } = await manage("GET", `/admin/users/${userId}/sessions`);
  return (body as { items: Session[] }).items;
}

/** A user of one's own, and logins that are listed by now. */
async function loggedIn(count = 1) {
  const { id, username } = await newUser({ password: PASSWORD });
  const logins = [];
  for (let index = 0; index < count; index += 1) {
    logins.push(await logIn(service, { username, password: PASSWORD }));
    await eventually(async () => (await sessionsOf(id)).length === index + 1);
  }
  return { id, username, logins };
}

const end = (userId: string, session: string): Promise<WholeAnswer> => {
  return manage("DELETE", `/admin/users/${userId}/sessions/${session}`);
};

describe("a login is a session", () => {
  test("that says who, when, and by what", async () => {
    const { id, username } = await newUser({ password: PASSWORD });
    const headers = { ...basic(CLIENT), "User-Agent": "Ada's browser\u0009(X11)" };
    const form = new URLSearchParams({ ...LOGIN, username, password: PASSWORD });
    granted(await post(service, form, headers));
    await eventually(async () => (await sessionsOf(id)).length === 1);
    const instant = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await sessionsOf(id)).toEqual([
      {
        ...{ id: expect.stringMatching(/^[0-9a-f]{64}$/), client_id: "client" },
        ...{ label: "Ada's browser (X11)", imported: false },
        ...{ created_at: instant, last_refreshed_at: instant },
      },
    ]);
  });

  test("whose refreshes are noted once a day", async () => {
    const { id, logins } = await loggedIn();
    let { refresh_token } = logins[0] ?? { refresh_token: "" };
    const writes: number[] = [];
    const { service: counted, costOf } = createCountedService();
    await ask(counted, { grant_type: "client_credentials" });
    for (const hours of [1, 1, 23, 1, 24]) {
      passSeconds(hours * 3600);
      const { answer, cost } = await costOf(() => refresh(counted, refresh_token));
      refresh_token = granted(answer).refresh_token;
      writes.push((cost["d1.batch"] ?? 0) - 1);
    }
    expect(writes).toEqual([0, 0, 1, 0, 1]);
    const noted = new Date().toISOString();
    await eventually(async () => (await sessionsOf(id))[0]?.last_refreshed_at === noted);
  });

  test("that no response waits for, and whose failure changes nothing", async () => {
    const { username } = await newUser({ password: PASSWORD });
    for (const happens of [() => new Promise(() => {}), () => Promise.reject(new Error("D1"))]) {
      let batches = 0;
      const failing = createService(
        interceptBindings((operation, proceed) => {
          batches += operation === "d1.batch" ? 1 : 0;
          return operation === "d1.batch" && batches === 2 ? happens() : proceed();
        }),
      );
      const login = { ...LOGIN, username, password: PASSWORD };
      expect(await ask(failing, login)).toEqual(success(ALL_SCOPES));
      expect(batches).toBe(2);
    }
  });

  test("that goes from the list when it ends by itself", async () => {
    const { id, logins } = await loggedIn(4);
    const [revoked, reused, idle] = logins;
    await revoke(service, revoked?.refresh_token ?? "", CLIENT);
    await eventually(async () => (await sessionsOf(id)).length === 3);
    granted(await refresh(service, reused?.refresh_token ?? ""));
    passSeconds(11);
    expect(await refresh(service, reused?.refresh_token ?? "")).toEqual(INVALID_GRANT);
    await eventually(async () => (await sessionsOf(id)).length === 2);
    expect(idle).toBeDefined();
    await env.DB.prepare("UPDATE sessions SET needed_until_ms = 0 WHERE user_id = ?")
      .bind(id)
      .run();
    expect(await sessionsOf(id)).toEqual([]);
  });

  test.each([
    ["of its user", (id: string) => `/admin/users/${id}/sessions`],
    ["of its client", () => "/admin/clients/client/sessions"],
  ])("that goes from the list with all %s, used or imported", async (_, pathOf) => {
    const { id } = await loggedIn();
    await importLogin({ userId: id });
    expect(await sessionsOf(id)).toHaveLength(2);
    expect(await manage("DELETE", pathOf(id))).toMatchObject({ status: 204 });
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("whose row is deleted at the user's next login once it is unneeded", async () => {
    const { id, username } = await loggedIn(2);
    passSeconds(100 * DAY_SECONDS);
    await logIn(service, { username, password: PASSWORD });
    const rows = () => {
      const select = env.DB.prepare("SELECT count(*) AS count FROM sessions WHERE user_id = ?");
      return select.bind(id).first<number>("count");
    };
    await eventually(async () => (await rows()) === 1);
  });

  test("whose row a later login takes over whole, the mark of its end too", async () => {
    const { id, username, logins } = await loggedIn();
    const [ended] = await sessionsOf(id);
    await end(id, ended?.id ?? "");
    passSeconds(400 * DAY_SECONDS);
    const login = await logIn(service, { username, password: PASSWORD });
    const select = env.DB.prepare(
      "SELECT created_at_ms, last_refreshed_at_ms, ended_at_ms FROM sessions WHERE user_id = ?",
    );
    const now = { created_at_ms: Date.now(), last_refreshed_at_ms: Date.now(), ended_at_ms: null };
    await eventually(async () => {
      const { results } = await select.bind(id).all();
      return JSON.stringify(results) === JSON.stringify([now]);
    });
    granted(await refresh(service, login.refresh_token));
    expect(await refresh(service, logins[0]?.refresh_token ?? "")).toEqual(INVALID_GRANT);
  });

  test("which takes over no row of another user, and none that is needed", async () => {
    const [{ id: other }, { id, username }] = [await loggedIn(), await loggedIn(2)];
    const rowsOf = async (userId: string) => {
      const select = env.DB.prepare("SELECT * FROM sessions WHERE user_id = ? ORDER BY family_id");
      return (await select.bind(userId).all()).results;
    };
    await env.DB.prepare("UPDATE sessions SET needed_until_ms = 0 WHERE user_id = ?")
      .bind(other)
      .run();
    const before = [await rowsOf(other), await rowsOf(id)];
    await logIn(service, { username, password: PASSWORD });
    await eventually(async () => (await rowsOf(id)).length === 3);
    expect(await rowsOf(other)).toEqual(before[0]);
    expect(await rowsOf(id)).toEqual(expect.arrayContaining(before[1] ?? []));
  });
});

describe("ending one session", () => {
  test("ends its tokens at once, and no other's", async () => {
    const { id, logins } = await loggedIn(2);
    const [first, second] = logins;
    const [listed] = await sessionsOf(id);
    expect(await end(id, listed?.id ?? "")).toMatchObject({ status: 204, body: null });
    const lives = await Promise.all(
      [first, second].map(async (login) => {
        const token = login?.access_token ?? "";
        const { body } = await introspect(service, token);
        const verified = await TOKENS.verify(token, { consistency: "strict" });
        const { status } = await refresh(service, login?.refresh_token ?? "");
        return [(body as { active: boolean }).active, status, verified.kind].join(" ");
      }),
    );
    expect(lives.toSorted()).toEqual(["false 400 invalid_token", "true 200 verified"]);
    expect(await sessionsOf(id)).toHaveLength(1);
  });

  test("takes its access token out of KV too, for those who ask nothing else", async () => {
    const { id, logins } = await loggedIn();
    const [listed] = await sessionsOf(id);
    await end(id, listed?.id ?? "");
    const { kind } = await TOKENS.verify(logins[0]?.access_token ?? "", {});
    expect(kind).toBe("invalid_token");
  });

  test("needs D1 alone: the mark ends it where its object knows nothing", async () => {
    const { id, logins } = await loggedIn();
    await env.DB.prepare("UPDATE sessions SET ended_at_ms = 1 WHERE user_id = ?").bind(id).run();
    const { access_token, refresh_token } = logins[0] ?? { access_token: "", refresh_token: "" };
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    expect(await introspect(service, access_token)).toMatchObject({ body: { active: false } });
  });

  test("is idempotent, and does nothing for another user's or an unknown session", async () => {
    const [ada, bob] = [await loggedIn(), await loggedIn()];
    const [session] = await sessionsOf(bob.id);
    expect(await end(ada.id, session?.id ?? "")).toMatchObject({ status: 404 });
    expect(await end(bob.id, "none")).toMatchObject({ status: 404 });
    expect(await refresh(service, bob.logins[0]?.refresh_token ?? "")).toMatchObject({
      status: 200,
    });
    for (const _ of [1, 2]) {
      expect(await end(bob.id, session?.id ?? "")).toMatchObject({ status: 204 });
    }
  });

  test("is final, even if a note of the session comes later", async () => {
    const { id, logins } = await loggedIn();
    const [session] = await sessionsOf(id);
    await env.DB.prepare("UPDATE sessions SET ended_at_ms = 1 WHERE user_id = ?").bind(id).run();
    await createSessionStore(env.DB).upsert({
      ...{ userId: id, familyId: session?.id ?? "", clientId: "client", label: "late" },
      ...{
        sessionId: null,
        isOffline: false,
        reportedBy: null,
        createdAtMs: Date.now(),
        lastRefreshedAtMs: Date.now(),
      },
      neededUntilMs: Date.now() + DAY_SECONDS * 1000,
    });
    expect(await refresh(service, logins[0]?.refresh_token ?? "")).toEqual(INVALID_GRANT);
  });
});

describe("a login whose refresh token has expired", () => {
  test("is a session while its access token lives, and can be ended", async () => {
    const client_id = `brief ${crypto.randomUUID()}`;
    const lifetimes = { refresh_idle_ttl_seconds: 1, refresh_absolute_ttl_seconds: 1 };
    await MANAGED.register({ clients: [{ client_id, client_secret: "secret", ...lifetimes }] });
    const { id, username } = await newUser({ password: PASSWORD });
    const fields = { username, password: PASSWORD };
    const { access_token } = await logIn(service, fields, `${client_id}:secret`);
    await eventually(async () => (await sessionsOf(id)).length === 1);
    // D1 reads its own clock, so the time goes by there.
    await env.DB.prepare(
      `UPDATE sessions SET created_at_ms = created_at_ms - 2000,
       last_refreshed_at_ms = last_refreshed_at_ms - 2000,
       needed_until_ms = needed_until_ms - 2000 WHERE user_id = ?`,
    )
      .bind(id)
      .run();
    await env.DB.prepare("UPDATE users SET not_before_ms = 0 WHERE id = ?").bind(id).run();
    await env.DB.prepare("UPDATE clients SET not_before_ms = 0 WHERE client_id = ?")
      .bind(client_id)
      .run();
    const [session] = await sessionsOf(id);
    expect(session).toMatchObject({ client_id });
    expect(await introspect(service, access_token)).toMatchObject({ body: { active: true } });
    expect(await end(id, session?.id ?? "")).toMatchObject({ status: 204 });
    expect(await introspect(service, access_token)).toMatchObject({ body: { active: false } });
    expect(await sessionsOf(id)).toEqual([]);
  });
});

describe("an imported login", () => {
  test("is a session while its access token lives, though its refresh token expired", async () => {
    const { id } = await newUser({ password: PASSWORD });
    await importLogin({ userId: id });
    const expire = "UPDATE imported_refresh_tokens SET expires_at_ms = 1 WHERE user_id = ?";
    await env.DB.prepare(expire).bind(id).run();
    const [session] = await sessionsOf(id);
    expect(session).toMatchObject({ imported: true });
    expect(await end(id, session?.id ?? "")).toMatchObject({ status: 204 });
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("is a session until it is used, and another one from then on", async () => {
    const { id } = await newUser({ password: PASSWORD });
    const { refreshToken } = await importLogin({ userId: id });
    expect(await sessionsOf(id)).toMatchObject([{ imported: true, client_id: "client" }]);
    granted(await refresh(service, refreshToken));
    await eventually(async () => {
      const sessions = await sessionsOf(id);
      return sessions.length === 1 && sessions[0]?.imported === false;
    });
  });

  test("can be ended before it is used, and is not imported again", async () => {
    const { id } = await newUser({ password: PASSWORD });
    const { refreshToken, accessToken } = await importLogin({ userId: id });
    const [session] = await sessionsOf(id);
    expect(await end(id, session?.id ?? "")).toMatchObject({ status: 204 });
    expect(await refresh(service, refreshToken)).toEqual(INVALID_GRANT);
    expect(await introspect(service, accessToken)).toMatchObject({ body: { active: false } });
    const row = env.DB.prepare(
      "SELECT is_consumed FROM imported_refresh_tokens WHERE token_hash = ?",
    );
    expect(await row.bind(session?.id).first("is_consumed")).toBe(1);
  });
});

test("a user who is deleted leaves no session and no imported token behind", async () => {
  const { id } = await loggedIn();
  await importLogin({ userId: id });
  expect(await manage("DELETE", `/admin/users/${id}`)).toMatchObject({ status: 204 });
  const counts = await env.DB.batch<{ count: number }>(
    [
      "SELECT count(*) AS count FROM sessions WHERE user_id = ?",
      "SELECT count(*) AS count FROM imported_refresh_tokens WHERE user_id = ?",
      "SELECT count(*) AS count FROM imported_access_tokens WHERE user_id = ?",
    ].map((query) => env.DB.prepare(query).bind(id)),
  );
  expect(counts.map(({ results }) => results[0]?.count)).toEqual([0, 0, 0]);
});

test("a page of sessions joins the next, and none is there twice", async () => {
  const { id } = await loggedIn(3);
  const seen: string[] = [];
  let after = "";
  for (let page = 0; page < 3; page += 1) {
    const path = `/admin/users/${id}/sessions?limit=1&after=${after}`;
    const { body } = await manage("GET", path);
    const { items, next } = body as { items: Session[]; next: string | null };
    seen.push(...items.map((session) => session.id));
    after = next ?? "";
  }
  expect(new Set(seen).size).toBe(3);
  expect(after).toBe("");
});
