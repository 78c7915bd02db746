import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { deleteClient } from "../../src/admin/clients.ts";
import {
  type Changes,
  codeOf,
  exchange,
  newBrowser,
  registerWebApps,
  type TestBrowser,
} from "../support/browsing.ts";
import { isActive } from "../support/inspection.ts";
import { managementTools } from "../support/management.ts";
import { manage, registerSite } from "../support/managing.ts";
import { createService, registerDefaults, type Service } from "../support/service.ts";

const CALLBACK = "https://mcp.example/callback";
const RESOURCE = "https://mcp.example/mcp";
const METADATA = {
  client_name: "MCP Helper",
  redirect_uris: [CALLBACK],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "none",
};
const settings = { REGISTRATION: "open", RESOURCES: `{"${RESOURCE}": "read"}` };
const service = createService(settings);

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
});
afterEach(async () => {
  await env.DB.exec("DELETE FROM clients WHERE registration <> 'operator'");
  await env.DB.exec("DELETE FROM consents");
});

interface Registration {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly [name: string]: unknown;
}

function post(body: unknown, headers: Record<string, string> = {}, at: Service = service) {
  return at.fetch("https://login.example.com/o/register/", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function register(changes: object = {}, at: Service = service): Promise<Registration> {
  const response = await post({ ...METADATA, ...changes }, {}, at);
  expect(response.status).toBe(201);
  return response.json();
}

function request(client_id: string, changes: Changes = {}): Changes {
  return { client_id, redirect_uri: CALLBACK, resource: RESOURCE, ...changes };
}

async function consented(client_id: string, changes: Changes = {}) {
  const browser = newBrowser(service);
  const page = await browser.signIn(await browser.authorize(request(client_id, changes)));
  return { browser, page, code: codeOf(await browser.allow(page)) };
}

async function rows(): Promise<Record<string, unknown>[]> {
  const query = "SELECT * FROM clients WHERE registration <> 'operator'";
  return (await env.DB.prepare(query).all()).results;
}

describe("a registration", () => {
  test("returns what is registered, and stores nothing", async () => {
    const response = await post({ ...METADATA, logo_uri: "https://mcp.example/logo.png" });
    expect(response.status).toBe(201);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(await response.json()).toEqual({
      ...METADATA,
      client_id: expect.stringMatching(/^tgd_[\w-]+$/),
      client_id_issued_at: expect.any(Number),
      response_types: ["code"],
    });
    expect(await rows()).toEqual([]);
  });

  test("gives public clients with the same metadata the same id", async () => {
    const [one, two, other] = await Promise.all([
      register(),
      register({ contacts: ["a@example.com"] }),
      register({ client_name: "Other" }),
    ]);
    expect(two.client_id).toBe(one.client_id);
    expect(other.client_id).not.toBe(one.client_id);
  });

  test("gives every confidential client its own id and secret", async () => {
    const confidential = { token_endpoint_auth_method: "client_secret_post" };
    const [one, two] = await Promise.all([register(confidential), register(confidential)]);
    expect(one).toMatchObject({ client_secret_expires_at: 0 });
    expect(one.client_secret).toMatch(/^tgs_[\w-]{43}$/);
    expect(two.client_id).not.toBe(one.client_id);
    expect(two.client_secret).not.toBe(one.client_secret);
  });

  const MANY = Array.from({ length: 9 }, (_, at) => `https://mcp.example/${"x".repeat(99)}${at}`);
  test.each<[string, object, string, string]>([
    ["javascript:", { redirect_uris: [CALLBACK, "javascript:alert(1)"] }, "uri", "javascript:"],
    ["no code grant", { grant_types: ["password"] }, "metadata", "grant_types"],
    ["too much metadata", { redirect_uris: MANY }, "metadata", "1024 characters"],
    ["only the scope admin", { scope: "admin introspection" }, "metadata", "scope"],
  ])("with %s is rejected by name", async (_, changes, kind, named) => {
    const response = await post({ ...METADATA, ...changes });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: kind === "uri" ? "invalid_redirect_uri" : "invalid_client_metadata",
      error_description: expect.stringContaining(named),
    });
  });

  test.each<[string, RequestInit]>([
    ["a form", { body: new URLSearchParams({ client_name: "x" }) }],
    ["broken JSON", { body: "{", headers: { "Content-Type": "application/json" } }],
    ["a list", { body: "[]", headers: { "Content-Type": "application/json" } }],
  ])("as %s is rejected", async (_, init) => {
    const url = "https://login.example.com/o/register/";
    const response = await service.fetch(url, { method: "POST", ...init });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_client_metadata" });
  });

  test("needs an access token with the scope registration where REGISTRATION says so", async () => {
    const closed = createService({ ...settings, REGISTRATION: "token" });
    await closed.register({
      clients: [
        {
          client_id: "registrar",
          client_secret: "s",
          grant_types: ["client_credentials"],
          scope: "registration read",
        },
      ],
    });
    const tokenOf = async (scope: string) => {
      const response = await closed.token(
        { grant_type: "client_credentials", scope },
        "registrar:s",
      );
      return String(response.body["access_token"]);
    };
    const attempt = async (token: string | null) => {
      const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
      return (await post(METADATA, headers, closed)).status;
    };
    expect(await attempt(null)).toBe(401);
    expect(await attempt("tga_forged")).toBe(401);
    expect(await attempt(await tokenOf("read"))).toBe(403);
    expect(await attempt(await tokenOf("registration"))).toBe(201);
  });

  test("is unknown where REGISTRATION is off, as are ids without a row", async () => {
    const { client_id } = await register();
    const off = createService({ ...settings, REGISTRATION: "off" });
    expect((await post(METADATA, {}, off)).status).toBe(404);
    const page = await newBrowser(off).authorize(request(client_id));
    expect(page).toMatchObject({
      status: 400,
      text: expect.stringContaining("client_not_registered"),
    });
    await consented(client_id);
    expect((await newBrowser(off).authorize(request(client_id))).status).toBe(200);
  });
});

describe("a client that registered itself", () => {
  test("gets tokens after consent, which writes its row", async () => {
    const { client_id } = await register();
    const { page, code } = await consented(client_id);
    expect(page.text).toContain("mcp.example");
    const tokens = await exchange(service, code, { client_id, redirect_uri: CALLBACK }, null);
    expect(tokens.status).toBe(200);
    const { refresh_token } = tokens.body as { refresh_token: string };
    const refreshed = await service.token(
      { grant_type: "refresh_token", refresh_token, client_id },
      null,
    );
    expect(refreshed.status).toBe(200);
    expect(await rows()).toMatchObject([
      { client_id, client_name: "MCP Helper", registration: "dynamic", secret_record: null },
    ]);
  });

  test("gets tokens also if the clock of the database is ahead", async () => {
    const { client_id } = await register();
    vi.useFakeTimers({ now: Date.now() - 5000, toFake: ["Date"] });
    try {
      const { code } = await consented(client_id);
      const tokens = await exchange(service, code, { client_id, redirect_uri: CALLBACK }, null);
      expect(tokens.status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });

  test("begins after the deletion of a client with its id", async () => {
    const { client_id } = await register();
    const deletedAtMs = Date.now() - 1;
    const insert = "INSERT INTO deleted_accounts (kind, id, deleted_at_ms) VALUES ('client', ?, ?)";
    await env.DB.prepare(insert).bind(client_id, deletedAtMs).run();
    await consented(client_id);
    expect(await rows()).toMatchObject([{ not_before_ms: deletedAtMs + 1 }]);
    await env.DB.exec("DELETE FROM deleted_accounts");
  });

  test("authenticates with its secret, which is stored as a hash", async () => {
    const metadata = { token_endpoint_auth_method: "client_secret_basic" };
    const { client_id, client_secret = "" } = await register(metadata);
    const { code } = await consented(client_id);
    const fields = { redirect_uri: CALLBACK };
    const wrong = await exchange(service, code, fields, `${client_id}:tgs_wrong`);
    expect(wrong.status).toBe(401);
    const right = await exchange(service, code, fields, `${client_id}:${client_secret}`);
    expect(right.status).toBe(200);
    expect(JSON.stringify(await rows())).not.toContain(client_secret);
  });

  test("survives the retirement of the key that sealed its id, once a user has consented", async () => {
    const confidential = { token_endpoint_auth_method: "client_secret_post" };
    const { client_id, client_secret = "" } = await register(confidential);
    const unused = await register({ ...confidential, client_name: "Unused" });
    await consented(client_id);
    const later = createService({ ...settings, TOKEN_KEYS: "a7".repeat(32) });
    const browser = newBrowser(later);
    const page = await browser.signIn(await browser.authorize(request(client_id)));
    const fields = { client_id, client_secret, redirect_uri: CALLBACK };
    const tokens = await exchange(later, codeOf(await browser.allow(page)), fields, null);
    expect(tokens.status).toBe(200);
    const shown = await browser.authorize(request(unused.client_id));
    expect(shown.text).toContain("client_not_registered");
  });

  test("is unknown at the token endpoint before anyone consented", async () => {
    const { client_id } = await register();
    const response = await service.token(
      { grant_type: "refresh_token", refresh_token: "x", client_id },
      null,
    );
    expect(response.status).toBe(401);
    expect(response.body).toMatchObject({ error: "invalid_client" });
  });

  test("may have an API of the management API, as long as that has it", async () => {
    const open = createService({ REGISTRATION: "open" });
    await env.DB.prepare("INSERT INTO resources VALUES (?, 'write')").bind(RESOURCE).run();
    const { client_id } = await register({}, open);
    for (const resource of [RESOURCE, undefined]) {
      const browser = newBrowser(open);
      const changes = request(client_id, { resource, scope: undefined });
      const page = await browser.signIn(await browser.authorize(changes));
      const code = codeOf(await browser.allow(page));
      const fields = { client_id, redirect_uri: CALLBACK };
      const { body } = await exchange(open, code, fields, null);
      expect(body).toMatchObject({ scope: "write" });
      await env.DB.exec("DELETE FROM resources");
      const { refresh_token = "" } = body as { refresh_token?: string };
      const again = { grant_type: "refresh_token", refresh_token, client_id };
      expect(await open.token(again, null)).toMatchObject({ status: 400 });
      const shown = await browser.authorize(changes);
      expect(shown.location?.searchParams.get("error")).toMatch(/invalid_(?:target|scope)/);
      await env.DB.prepare("INSERT INTO resources VALUES (?, 'write')").bind(RESOURCE).run();
      expect(await open.token(again, null)).toMatchObject({ status: 200 });
    }
    await env.DB.exec("DELETE FROM resources");
  });

  test("sends no browser anywhere before sign-in", async () => {
    const { client_id } = await register();
    const browser = newBrowser(service);
    for (const changes of [{ prompt: "none" }, { scope: "admin" }, { response_type: "token" }]) {
      const shown = await browser.authorize(request(client_id, changes));
      expect(shown).toMatchObject({ status: 400, location: null });
      expect(shown.text).toContain(`href="${CALLBACK}?error=`);
    }
    await browser.signIn(await browser.authorize(request(client_id)));
    const shown = await browser.authorize(request(client_id, { scope: "admin" }));
    expect(shown.location?.searchParams.get("error")).toBe("invalid_scope");
  });

  test.each<[string, Changes, string]>([
    ["a scope that RESOURCES does not list", { scope: "write" }, "invalid_scope"],
    ["an API of another client", { resource: "https://api.example.com" }, "invalid_target"],
  ])("cannot have %s", async (_, changes, error) => {
    const { client_id } = await register();
    const browser: TestBrowser = newBrowser(service);
    await browser.signIn(await browser.authorize(request(client_id)));
    const shown = await browser.authorize(request(client_id, changes));
    expect(shown.location?.searchParams.get("error")).toBe(error);
  });

  test("cannot use other grants", async () => {
    const { client_id } = await register();
    await consented(client_id);
    const login = { grant_type: "password", username: "ada", password: "correct horse", client_id };
    const response = await service.token(login, null);
    expect(response.body).toMatchObject({ error: "unauthorized_client" });
  });

  test("has no longer id than a code has room for", async () => {
    const redirect_uris = [CALLBACK, ...MANY_SHORT];
    const { client_id } = await register({ redirect_uris });
    expect(client_id.length).toBeGreaterThan(900);
    const { code } = await consented(client_id);
    const response = await exchange(service, code, { client_id, redirect_uri: CALLBACK }, null);
    expect(response.status).toBe(200);
  });
});

const MANY_SHORT = Array.from(
  { length: 6 },
  (_, at) => `https://mcp.example/${"x".repeat(77)}${at}`,
);

describe("a denied client", () => {
  test.each([
    ["by its id", (id: string) => `other ${id}`],
    ["by a host that it redirects to", () => "mcp.example"],
  ])("%s is rejected at every endpoint", async (_, denied) => {
    const { client_id } = await register();
    const { code } = await consented(client_id);
    const { code: unused } = await consented(client_id);
    const fields = { client_id, redirect_uri: CALLBACK };
    const tokens = await exchange(service, code, fields, null);
    const strict = createService({ ...settings, DENIED_CLIENTS: denied(client_id) });
    const page = await newBrowser(strict).authorize(request(client_id));
    expect(page.text).toContain("client_not_registered");
    const { access_token, refresh_token } = tokens.body as Record<string, string>;
    const refreshing = {
      grant_type: "refresh_token",
      refresh_token: refresh_token ?? "",
      client_id,
    };
    const denials = [
      await exchange(strict, unused, fields, null),
      await strict.token(refreshing, null),
    ];
    expect(denials.map(({ status }) => status)).toEqual([401, 401]);
    expect([
      await isActive(service, access_token ?? ""),
      await isActive(strict, access_token ?? ""),
    ]).toEqual([true, false]);
  });

  test("is disabled and enabled by the management API, and otherwise not changed", async () => {
    const { client_id } = await register();
    await consented(client_id);
    await registerSite();
    const path = `/admin/clients/${encodeURIComponent(client_id)}`;
    for (const disabled of [true, false]) {
      const { status, body } = await manage("PATCH", path, { disabled });
      expect({ status, body }).toMatchObject({ status: 200, body: { client_id, disabled } });
    }
    const changes = { disabled: true, client_name: "Other" };
    expect(await manage("PATCH", path, changes)).toMatchObject({ status: 422 });
    expect(await rows()).toMatchObject([{ client_name: "MCP Helper", disabled: 0 }]);
  });

  test("stays denied after it was deleted", async () => {
    const { client_id } = await register();
    await consented(client_id);
    await deleteClient(client_id, await managementTools());
    expect(await rows()).toMatchObject([{ client_id, disabled: 1 }]);
    const page = await newBrowser(service).authorize(request(client_id));
    expect(page.text).toContain("client_not_registered");
  });
});
