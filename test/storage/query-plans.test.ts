import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { exchange, newBrowser, obtainCode, registerWebApps } from "../support/browsing.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

/** The statements of all requests. */
const queries = new Set<string>();

const service = createService({
  IMPORTED_TOKENS: "on",
  RATE_LIMITS: "on",
  REGISTRATION: "open",
  RESOURCES: "https://mcp.example/mcp",
  DB: new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "prepare") queries.add(String(args[0]));
        return member.apply(target, args);
      };
    },
  }),
});

beforeAll(async () => {
  await registerDefaults(createService());
  const tokens = await logIn(service);
  const second = granted(await refresh(service, tokens.refresh_token));
  await refresh(service, tokens.refresh_token);
  await refresh(service, "a token of another server");
  await ask(service, { grant_type: "client_credentials" });
  await ask(service, { ...LOGIN, password: "wrong" });
  await ask(service, { ...LOGIN, resource: "https://api.example.com" });
  for (const token of [second.access_token, "a token of another server"]) {
    await post(service, new URLSearchParams({ token }), basic(CLIENT), "/o/introspect/");
    await post(service, new URLSearchParams({ token }), basic(CLIENT), "/o/revoke_token/");
  }
  await registerWebApps(service);
  await exchange(service, await obtainCode(service));
  const browser = newBrowser(service);
  await browser.signIn(await browser.open("/o/account/"));
  for (const choice of ["end_session", "end_login", "revoke", "end_all", "sign_out"]) {
    await browser.submit(await browser.open("/o/account/"), { [choice]: "web" });
  }
  await allowUnregistered();
  const page = { Origin: "https://app.example.com" };
  await service.fetch("/o/token/", { method: "OPTIONS", headers: page });
  await service.fetch("/healthz");
});

/** A user allows a client that registered itself. */
async function allowUnregistered(): Promise<void> {
  const redirect_uri = "https://mcp.example/callback";
  const response = await service.fetch("/o/register/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ redirect_uris: [redirect_uri], token_endpoint_auth_method: "none" }),
  });
  const { client_id } = (await response.json()) as { client_id: string };
  const browser = newBrowser(service);
  const page = await browser.signIn(await browser.authorize({ client_id, redirect_uri }));
  expect((await browser.allow(page)).location?.searchParams.has("code")).toBe(true);
}

/** The parameters without a number, or else the highest number. */
function parametersOf(query: string): number {
  const places = [...query.matchAll(/\?(\d*)/g)].map(([, number]) => number);
  return Math.max(places.length && places[0] === "" ? places.length : 0, ...places.map(Number));
}

/** Scans of a statement's own selection, which has a limit. */
const LIMITED = /^SCAN (?:\(subquery-\d+\)|near)$/;

test("no request scans a table", async () => {
  expect(queries.size).toBeGreaterThanOrEqual(10);
  for (const query of queries) {
    const nothing = Array.from({ length: parametersOf(query) }, () => null);
    const explain = env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`).bind(...nothing);
    const { results } = await explain.all();
    const steps = results.map(({ detail }) => String(detail));
    const scans = steps.filter((step) => /^SCAN/.test(step) && !LIMITED.test(step));
    expect(scans, query).toEqual([]);
  }
});
