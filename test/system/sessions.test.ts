import { beforeAll, describe, expect, test } from "vitest";
import { command } from "../support/commands.ts";
import { openLocalDatabase } from "../support/local-database.ts";
import { ownState } from "../support/own-state.ts";
import type { Ended } from "../support/processes.ts";

const stateDir = ownState();
let userId = "";

const SESSION = "ab".repeat(32);
const IMPORTED = "cd".repeat(32);
const BROWSER = "ef".repeat(16);

function cli(...words: string[]): Promise<Ended> {
  return command([...words, "--persist-to", stateDir]);
}

beforeAll(async () => {
  await cli("client", "create", "shop");
  userId = JSON.parse(
    (await cli("user", "create", "ada", "--without-password", "--json")).stdout,
  ).id;
  const database = openLocalDatabase(stateDir);
  const nowMs = Date.now();
  database
    .prepare("INSERT INTO sessions VALUES (?, ?, 'shop', 'Ada''s browser', ?, ?, ?, NULL, NULL, 0)")
    .run(userId, SESSION, nowMs, nowMs, nowMs + 3_600_000);
  database
    .prepare(
      `INSERT INTO imported_refresh_tokens (token_hash, client_id, user_id, scope, expires_at_ms)
       VALUES (?, 'shop', ?, 'read', ?)`,
    )
    .run(IMPORTED, userId, nowMs + 3_600_000);
  database
    .prepare("INSERT INTO browser_sessions VALUES (?, ?, '', 'Firefox', ?, ?, NULL, ?, NULL)")
    .run(BROWSER, userId, nowMs, nowMs, nowMs + 3_600_000);
  database
    .prepare("INSERT INTO consents VALUES (?, 'shop', 'read', '', 'shop.example', ?, 0)")
    .run(userId, nowMs);
  database.close();
});

describe("cli user sessions", () => {
  test("lists each, with paging", async () => {
    const { code, stdout } = await cli("user", "sessions", "ada");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SESSION +CLIENT +SINCE +REFRESHED +LABEL\n/);
    expect(stdout).toMatch(
      new RegExp(`${SESSION.slice(0, 12)} +shop +20.* +20.* +Ada's browser\n`),
    );
    expect(stdout).toMatch(new RegExp(`${IMPORTED.slice(0, 12)} .* imported, not used yet.*\n`));
    const first = JSON.parse(
      (await cli("user", "sessions", "ada", "--limit", "1", "--json")).stdout,
    );
    expect(first).toMatchObject({ sessions: [{ id: SESSION }], next: SESSION });
    const second = await cli("user", "sessions", "ada", "--after", first.next, "--json");
    expect(JSON.parse(second.stdout)).toMatchObject({ sessions: [{ id: IMPORTED }], next: null });
  });

  test("rejects an unknown user", async () => {
    expect(await cli("user", "sessions", "bob")).toMatchObject({
      ...{ code: 3, stdout: "", stderr: 'user "bob" does not exist\n' },
    });
  });
});

test("cli user end-session ends the named session, and records it", async () => {
  for (const session of [SESSION, IMPORTED, IMPORTED]) {
    expect((await cli("user", "end-session", "ada", session)).code).toBe(0);
  }
  const { stdout } = await cli("user", "sessions", "ada", "--json");
  expect(JSON.parse(stdout)).toEqual({ sessions: [], next: null });
  const unknown = await cli("user", "end-session", "ada", "none");
  expect(unknown).toMatchObject({ code: 3, stderr: 'session "none" does not exist\n' });
  const events = JSON.parse((await cli("audit", "list", "--json")).stdout);
  expect(events[0]).toMatchObject({ action: "end_session", subject: "ada" });
});

test("cli client logouts lists them, the latest first", async () => {
  const database = openLocalDatabase(stateDir);
  const insert = database.prepare(
    `INSERT INTO logout_deliveries (client_id, user_id, session_id, issuer_url, ended_at_ms, state,
       tries, tried_at_ms, last_result, next_try_at_ms) VALUES ('shop', ?, ?, '', ?, ?, 1, ?, ?, ?)`,
  );
  const nowMs = Date.now();
  insert.run(userId, BROWSER, nowMs, "delivered", nowMs, "http_200", null);
  insert.run(userId, "ba".repeat(16), nowMs, "pending", nowMs, "no_response", nowMs + 10_000);
  database.close();
  const { code, stdout } = await cli("client", "logouts", "shop");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^LOGOUT +ENDED +STATE +TRIES +RESULT +NEXT TRY\n/);
  expect(stdout).toMatch(/\n2 +20.* +pending +1 +no_response +20.*\d\n1 +20.*http_200/);
  const first = JSON.parse(
    (await cli("client", "logouts", "shop", "--limit", "1", "--json")).stdout,
  );
  expect(first).toMatchObject({ logouts: [{ id: "2", user_id: userId }], next: "2" });
  const second = await cli("client", "logouts", "shop", "--after", "2", "--json");
  expect(JSON.parse(second.stdout)).toMatchObject({ logouts: [{ id: "1" }], next: null });
  const unknown = await cli("client", "logouts", "none");
  expect(unknown).toMatchObject({ code: 3, stderr: 'client "none" does not exist\n' });
});

test.each([
  ["browser-sessions", "browser_sessions", BROWSER.slice(0, 12), "end-browser-session"],
  ["consents", "consents", "shop", "revoke-consent"],
])("cli user %s lists them, and another command ends one", async (...row) => {
  const [list, key, id, end] = row;
  expect((await cli("user", list, "ada")).stdout).toContain(`\n${id} `);
  const unknown = await cli("user", end, "ada", "none");
  expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('"none" does not') });
  expect((await cli("user", end, "ada", id)).code).toBe(0);
  const { stdout } = await cli("user", list, "ada", "--json");
  expect(JSON.parse(stdout)).toEqual({ [key]: [], next: null });
  const events = JSON.parse((await cli("audit", "list", "--json")).stdout);
  expect(events[0]).toMatchObject({ action: end.replaceAll("-", "_"), subject: "ada" });
});
