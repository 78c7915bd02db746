import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { selectSessions } from "../../src/storage/session-rows.ts";
import { createSessionStore, SESSIONS_MAX } from "../../src/storage/sessions.ts";
import { eventually } from "../support/eventually.ts";
import { logIn, refresh } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
const HOUR_MS = 3_600_000;

beforeAll(() => registerDefaults(service));

/** The number of rows that the statements of `work` read. */
async function rowsReadBy(work: (db: D1Database) => Promise<unknown>): Promise<number> {
  let rows = 0;
  const db = new Proxy(env.DB, {
    get(target, name) {
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements);
        for (const { meta } of results) rows += meta.rows_read;
        return results;
      };
    },
  });
  await work(db);
  return rows;
}

/** Adds sessions of a user; the first was refreshed longest ago. */
async function addSessions(userId: string, count: number, neededUntilMs: number): Promise<void> {
  const nowMs = Date.now();
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
     INSERT INTO sessions (user_id, family_id, client_id, label, created_at_ms,
       last_refreshed_at_ms, needed_until_ms)
     SELECT ?1, lower(hex(randomblob(32))), 'client', '', ?3, ?3 - ?2 + i, ?4 FROM n`,
  )
    .bind(userId, count, nowMs - HOUR_MS, neededUntilMs)
    .run();
}

const newSession = (userId: string) => ({
  ...{ userId, familyId: env.REFRESH_FAMILIES.newUniqueId().toString(), clientId: "client" },
  ...{
    label: "",
    sessionId: null,
    isOffline: false,
    reportedBy: null,
    createdAtMs: Date.now(),
    lastRefreshedAtMs: Date.now(),
  },
  neededUntilMs: Date.now() + HOUR_MS,
});

async function countOf(userId: string): Promise<number> {
  const query = "SELECT count(*) AS count FROM sessions WHERE user_id = ?";
  return (await env.DB.prepare(query).bind(userId).first<number>("count")) ?? 0;
}

test.each([
  ["live", HOUR_MS],
  ["expired", -1],
])("a login reads few of 20,000 %s sessions", async (name, neededForMs) => {
  await addSessions(name, 20_000, Date.now() + neededForMs);
  const rows = await rowsReadBy((db) => createSessionStore(db).upsert(newSession(name)));
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(15 * SESSIONS_MAX);
  expect(await countOf(name)).toBeLessThanOrEqual(20_000);
});

test("listing one page of 20,000 sessions reads few of them", async () => {
  const id = "a user with many";
  await env.DB.prepare(
    "INSERT INTO users (id, username, password_record, not_before_ms) VALUES (?1, ?1, '!', 0)",
  )
    .bind(id)
    .run();
  await env.DB.exec("UPDATE clients SET not_before_ms = 0");
  await addSessions(id, 20_000, Date.now() + HOUR_MS);
  const { results, meta } = await selectSessions(env.DB, id, { after: "8", limit: 10 }).all();
  expect(results).toHaveLength(10);
  expect(meta.rows_read).toBeLessThan(200);
});

test("above the limit the least recently refreshed session loses its row", async () => {
  const store = createSessionStore(env.DB);
  await addSessions("one", SESSIONS_MAX - 1, Date.now() + HOUR_MS);
  expect(await store.upsert(newSession("one"))).toBeNull();
  expect(await countOf("one")).toBe(SESSIONS_MAX);
  const oldest = await env.DB.prepare(
    `SELECT family_id FROM sessions WHERE user_id = 'one'
     ORDER BY last_refreshed_at_ms LIMIT 1`,
  ).first<string>("family_id");
  const displaced = await store.upsert(newSession("one"));
  expect(displaced).toEqual({ familyId: oldest, clientId: "client" });
  expect(await countOf("one")).toBe(SESSIONS_MAX);
});

test("sessions that were ended keep their marks, and displace no session", async () => {
  await addSessions("marked", SESSIONS_MAX, Date.now() + HOUR_MS);
  await env.DB.exec("UPDATE sessions SET ended_at_ms = 1 WHERE user_id = 'marked'");
  const store = createSessionStore(env.DB);
  for (let count = 1; count <= 3; count += 1) {
    expect(await store.upsert(newSession("marked"))).toBeNull();
    expect(await countOf("marked")).toBe(SESSIONS_MAX + count);
  }
});

test("a login beyond the limit ends the least recently used session", async () => {
  const { refresh_token } = await logIn(service);
  const select = env.DB.prepare("SELECT id FROM users WHERE username = ?").bind(LOGIN.username);
  const id = (await select.first<string>("id")) ?? "";
  await eventually(async () => (await countOf(id)) === 1);
  await env.DB.exec("UPDATE sessions SET last_refreshed_at_ms = 5 WHERE label <> 'filler'");
  await addSessions(id, SESSIONS_MAX - 1, Date.now() + HOUR_MS);
  const second = await logIn(service);
  await eventually(async () => (await refresh(service, refresh_token)).status === 400);
  expect(await refresh(service, second.refresh_token)).toMatchObject({ status: 200 });
});

test.each([
  ["a new row", 0],
  ["the row of an expired login", 1],
])("a login of a browser session is listed with it in %s", async (name, expired) => {
  await addSessions(name, expired, Date.now() - 1);
  await createSessionStore(env.DB).upsert({ ...newSession(name), sessionId: "browser" });
  const query = "SELECT session_id FROM sessions WHERE user_id = ?";
  const { results } = await env.DB.prepare(query).bind(name).all();
  expect(results).toEqual([{ session_id: "browser" }]);
});
