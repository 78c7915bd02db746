import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Client } from "../../src/clients/client.ts";
import { type ConsentRow, createConsentStore, toConsent } from "../../src/storage/consents.ts";
import { UNREGISTERED_CONSENTS_MAX as MAX } from "../../src/storage/unregistered-clients.ts";
import { codeOf, exchange, newBrowser, registerWebApps } from "../support/browsing.ts";
import { introspect, registerCheckers } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { adasId } from "../support/imported.ts";
import { manage, newUser, registerSite } from "../support/managing.ts";
import { createService, registerDefaults } from "../support/service.ts";

const CALLBACK = "https://mcp.example/callback";
const service = createService({ REGISTRATION: "open", RESOURCES: "https://mcp.example/mcp" });
const consents = createConsentStore(env.DB, () => undefined);

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
  await registerCheckers();
  await registerSite();
});
beforeEach(async () => {
  const statements = [
    "DELETE FROM clients WHERE registration <> 'operator'",
    "DELETE FROM consents",
  ];
  await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
});
stopClock();

type Tokens = Readonly<Record<string, unknown>>;

async function register(client_name: string): Promise<string> {
  const metadata = {
    ...{ client_name, redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" },
    grant_types: ["authorization_code", "refresh_token"],
  };
  const response = await service.fetch("/o/register/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(metadata),
  });
  return ((await response.json()) as { client_id: string }).client_id;
}

/** A user allows a client. */
async function allow(client_id: string, username = "ada"): Promise<string> {
  const browser = newBrowser(service);
  const request = { client_id, redirect_uri: CALLBACK, prompt: "consent", scope: "read" };
  const page = await browser.signIn(await browser.authorize(request), { username });
  return codeOf(await browser.allow(page));
}

async function redeem(client_id: string, code: string): Promise<Tokens> {
  return (await exchange(service, code, { client_id, redirect_uri: CALLBACK }, null)).body;
}

async function isValid(client_id: string, { access_token, refresh_token }: Tokens) {
  const { body } = await introspect(service, String(access_token));
  const fields = { grant_type: "refresh_token", refresh_token: String(refresh_token), client_id };
  const { status } = await service.token(fields, null);
  return { introspect: (body as { active: boolean }).active, refresh: status === 200 };
}

const VALID = { introspect: true, refresh: true };
const ENDED = { introspect: false, refresh: false };

/** The user has allowed so many other clients at that time. */
async function addOthers(count: number, grantedAtMs: number): Promise<void> {
  const ids = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)`;
  const others = [
    env.DB.prepare(`INSERT INTO clients (client_id, token_endpoint_auth_method, grant_types,
      redirect_uris, registration) ${ids}
      SELECT 'other ' || ?2 || i, 'none', '', '', 'dynamic' FROM n`).bind(count, grantedAtMs),
    env.DB.prepare(`INSERT INTO consents (user_id, client_id, scope, resources, redirect_hosts,
      granted_at_ms) ${ids}
      SELECT ?3, 'other ' || ?2 || i, '', '', 'mcp.example', ?2 + i FROM n`).bind(
      count,
      grantedAtMs,
      await adasId(),
    ),
  ];
  await env.DB.batch(others);
}

function countOf(table: "clients" | "consents"): Promise<number | null> {
  const query =
    table === "clients"
      ? "SELECT count(*) AS n FROM clients WHERE registration <> 'operator'"
      : "SELECT count(*) AS n FROM consents JOIN users ON id = user_id WHERE username = 'ada'";
  return env.DB.prepare(query).first<number>("n");
}

async function listed(kind: "consents" | "sessions"): Promise<unknown[]> {
  const { body } = await manage("GET", `/admin/users/${await adasId()}/${kind}?limit=1000`);
  return (body as { items: { client_id: string }[] }).items.map(({ client_id }) => client_id);
}

test("a user has a limited number of clients that no operator registered", async () => {
  await addOthers(MAX + 20, Date.now() - 90_000_000);
  await allow(await register("One"));
  expect([await countOf("clients"), await countOf("consents")]).toEqual([MAX, MAX]);
  await allow(await register("Two"));
  expect([await countOf("clients"), await countOf("consents")]).toEqual([MAX, MAX]);
});

test("one more ends the access of the oldest, for good", async () => {
  const [oldest, next] = [await register("Oldest"), await register("Next")];
  const tokens = await redeem(oldest, await allow(oldest));
  const unused = await allow(oldest);
  passSeconds(1);
  await addOthers(MAX - 1, Date.now());
  expect(await isValid(oldest, tokens)).toEqual(VALID);
  passSeconds(1);
  await allow(next);
  expect(await isValid(oldest, tokens)).toEqual(ENDED);
  // The same client is unknown, until it is allowed again.
  expect(await redeem(oldest, unused)).toMatchObject({ error: "invalid_client" });
  const again = await redeem(oldest, await allow(oldest));
  expect(await isValid(oldest, again)).toEqual(VALID);
  expect(await isValid(oldest, tokens)).toEqual(ENDED);
  expect(await redeem(oldest, unused)).toMatchObject({ error: "invalid_grant" });
});

test("it ends also if another user has allowed the same client, which stays", async () => {
  const [oldest, next] = [await register("Oldest"), await register("Next")];
  const { username } = await newUser({ password: "correct horse" });
  const tokens = await redeem(oldest, await allow(oldest));
  const unused = await allow(oldest);
  const others = await redeem(oldest, await allow(oldest, username));
  await addOthers(MAX - 1, Date.now() + 1);
  passSeconds(1);
  await allow(next);
  expect(await isValid(oldest, tokens)).toEqual(ENDED);
  expect(await redeem(oldest, unused)).toMatchObject({ error: "invalid_grant" });
  expect(await isValid(oldest, others)).toEqual(VALID);
  expect(await listed("sessions")).not.toContain(oldest);
});

test("revoked consents are dropped first, and what they ended stays ended", async () => {
  const [revoked, next] = [await register("Revoked"), await register("Next")];
  await addOthers(MAX - 1, Date.now() - 90_000_000);
  const tokens = await redeem(revoked, await allow(revoked));
  passSeconds(1);
  await consents.revoke(await adasId(), revoked, Date.now());
  passSeconds(1);
  await allow(next);
  expect(await listed("consents")).toHaveLength(MAX);
  expect(await isValid(revoked, tokens)).toEqual(ENDED);
  await allow(revoked);
  expect(await isValid(revoked, tokens)).toEqual(ENDED);
});

test("clients of an operator do not count, and disabled ones keep their rows", async () => {
  const disabled = await register("Disabled");
  await allow(disabled);
  await env.DB.prepare("UPDATE clients SET disabled = 1 WHERE client_id = ?").bind(disabled).run();
  const browser = newBrowser(service);
  await browser.allow(await browser.signIn(await browser.authorize({ prompt: "consent" })));
  passSeconds(1);
  await addOthers(MAX - 1, Date.now());
  passSeconds(1);
  await allow(await register("Next"));
  expect(await listed("consents")).toHaveLength(MAX + 1);
  expect(await listed("consents")).toContain("web");
  const page = await newBrowser(service).authorize({
    ...{ client_id: disabled, redirect_uri: CALLBACK },
  });
  expect(page.text).toContain("client_not_registered");
});

test("revoking what was never allowed stores nothing for clients that anyone can make", async () => {
  const client = await register("Client");
  const { username } = await newUser({ password: "correct horse" });
  await allow(client, username);
  await consents.revoke(await adasId(), client, Date.now());
  expect(await countOf("consents")).toBe(0);
  await consents.revoke(await adasId(), "web", Date.now());
  expect(await countOf("consents")).toBe(1);
});

test("a deleted user leaves no client that only this user had allowed", async () => {
  const [one, both] = [await register("One"), await register("Both")];
  const { id, username } = await newUser({ password: "correct horse" });
  await allow(one, username);
  await allow(both, username);
  await allow(both);
  expect((await manage("DELETE", `/admin/users/${id}`)).status).toBe(204);
  const { results } = await env.DB.prepare(
    "SELECT client_id FROM clients WHERE registration <> 'operator'",
  ).all();
  expect(results).toEqual([{ client_id: both }]);
});

test("a consent has a limited number of hosts, and the latest stay", async () => {
  const client = { clientId: "web", registration: "operator" } as Client;
  const allowed = { userId: await adasId(), client, scope: ["read"], resources: [] };
  const find = () =>
    env.DB.prepare("SELECT * FROM consents WHERE client_id = 'web'").first<ConsentRow>();
  for (let host = 0; host <= 100; host += 1) {
    const row = await find();
    const grant = { ...allowed, redirectHosts: [`host${host}.example`] };
    await consents.grant(grant, row && toConsent(row), Date.now());
  }
  const { redirect_hosts = "" } = (await find()) ?? {};
  expect(redirect_hosts.split(" ")).toHaveLength(100);
  expect(redirect_hosts).toMatch(/^host1\.example .* host100\.example$/);
});
