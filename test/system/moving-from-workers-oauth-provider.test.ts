import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { CALLBACK, codeOf, newBrowser, VERIFIER } from "../support/browsing.ts";
import { ownDir } from "../support/own-state.ts";
import { migratedDatabase, register } from "../support/service-database.ts";
import { buildWorker, type Vars, workerdOptions } from "../support/workerd-options.ts";

const RESOURCE = "https://mcp.example.com/mcp";

/** Credentials of the shape that the library gives: ids of user and grant, and a secret. */
const OLD_TOKEN = "user-123:Yr3kXq0cZt7mW2aB:q8ZbN5vTf1LxHc4RjWd9Sg6Ky2MpUe0A";
const OLD_CLIENT = "Yr3kXq0cZt7mW2aB";

const page = readFileSync(join(PROJECT_DIR, "docs/moving-from-workers-oauth-provider.md"), "utf8");
const [settings = "", binding = ""] = blocksOf("toml");
const [code = ""] = blocksOf("ts");
const dir = ownDir();
let miniflare: Miniflare;

function blocksOf(language: string): string[] {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, text = ""]) => text);
}

beforeAll(async () => {
  writeFileSync(join(dir, "service.toml"), settings);
  const { vars } = unstable_readConfig({ config: join(dir, "service.toml") });
  const own = { TOKEN_KEYS: "5e".repeat(32), PASSWORD_HASH_ROUNDS: 1, RATE_LIMITS: "off" };
  const allVars = { ...(vars as Vars), ...own };
  buildWorker(join(dir, "service"));
  buildWorker(join(dir, "mcp"), { configPath: writeMovedWorker() });
  const moved = {
    ...{ name: "mcp", modules: true, scriptPath: join(dir, "mcp/index.js") },
    modulesRoot: join(dir, "mcp"),
    compatibilityDate: "2026-11-01",
    serviceBindings: { TOKENS: { name: "tollgate", entrypoint: "TokenVerifier" } },
  };
  miniflare = new Miniflare(
    workerdOptions(join(dir, "service"), join(dir, "state"), allVars, { others: [moved] }),
  );
  await register(await migratedDatabase(miniflare), allVars, {
    clients: [
      {
        client_id: "abc123",
        client_secret: "the secret that the library gave it",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [CALLBACK],
      },
    ],
    users: [{ username: "ada", password: "correct horse", claims: { user_id: "user-123" } }],
  });
});
afterAll(() => miniflare?.dispose());

/** Writes the Worker of the guide. @returns its configuration */
function writeMovedWorker(): string {
  const modules = join(dir, "node_modules");
  mkdirSync(join(modules, "tollgate"), { recursive: true });
  writeFileSync(
    join(modules, "tollgate/package.json"),
    '{ "exports": { "./bearer": "./bearer.ts" } }',
  );
  symlinkSync(
    join(PROJECT_DIR, "src/resource-server/bearer.ts"),
    join(modules, "tollgate/bearer.ts"),
  );
  symlinkSync(join(PROJECT_DIR, "node_modules/hono"), join(modules, "hono"));
  writeFileSync(join(dir, "index.ts"), code);
  const config = 'name = "mcp"\nmain = "index.ts"\ncompatibility_date = "2026-11-01"\n';
  writeFileSync(join(dir, "wrangler.toml"), `${config}${binding}`);
  return join(dir, "wrangler.toml");
}

/** Sends a request to the Worker of its host. */
async function ask(url: string, { method = "GET", ...init }: RequestInit = {}): Promise<Response> {
  const worker = await miniflare.getWorker(
    new URL(url).host === "mcp.example.com" ? "mcp" : "tollgate",
  );
  // Miniflare has its own classes of these. A form has its type only in a Request.
  const request = new Request(url, { ...init, method });
  const headers = [...request.headers] as [string, string][];
  const body = init.body ? { body: await request.text() } : {};
  const response = await worker.fetch(url, { method, headers, redirect: "manual", ...body });
  return response as unknown as Response;
}

const post = (url: string, fields: Record<string, string>, headers: HeadersInit = {}) =>
  ask(url, { method: "POST", body: new URLSearchParams(fields), headers });

/** The metadata of the service, as a client finds it that knows only the URL of the API. */
async function discover(token?: string) {
  const headers: HeadersInit = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await ask(RESOURCE, { method: "POST", headers });
  expect(response.status).toBe(401);
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  const attribute = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(challenge)?.[1] ?? "";
  const api = (await (await ask(attribute("resource_metadata"))).json()) as {
    resource: string;
    authorization_servers: string[];
  };
  expect(api.resource).toBe(RESOURCE);
  const [issuer = ""] = api.authorization_servers;
  const response2 = await ask(`${issuer}/.well-known/oauth-authorization-server`);
  const server = (await response2.json()) as Record<string, unknown>;
  expect(server["issuer"]).toBe(issuer);
  return { server, scope: attribute("scope") };
}

/** Signs the user in for a client. @returns an access token for the API */
async function signIn(client_id: string, scope: string, headers: HeadersInit = {}) {
  const browser = newBrowser({ fetch: (url, init) => ask(String(url), init) });
  const resource = RESOURCE;
  const shown = await browser.authorize({ client_id, scope, resource });
  const exchanged = await post(
    "https://login.example.com/o/token/",
    {
      grant_type: "authorization_code",
      code: codeOf(await browser.allow(await browser.signIn(shown))),
      code_verifier: VERIFIER,
      redirect_uri: CALLBACK,
      ...("Authorization" in headers ? {} : { client_id }),
    },
    headers,
  );
  expect(exchanged.status).toBe(200);
  return ((await exchanged.json()) as { access_token: string }).access_token;
}

async function propsOf(token: string, path = ""): Promise<unknown> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await ask(RESOURCE + path, { method: "POST", headers });
  expect(response.status).toBe(200);
  return response.json();
}

describe("the Worker of the guide", () => {
  test("is found by a client that registers itself, and knows the user by the old id", async () => {
    const { server, scope } = await discover();
    expect(server).toMatchObject({ client_id_metadata_document_supported: true });
    const response = await ask(String(server["registration_endpoint"]), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" }),
    });
    const { client_id } = (await response.json()) as { client_id: string };
    const token = await signIn(client_id, scope);
    const props = { userId: "user-123", scope: ["notes:read"] };
    expect(await propsOf(token)).toEqual(props);
    expect(await propsOf(token, "/tools")).toEqual(props);
  });

  test("serves its other pages without a token", async () => {
    expect((await ask("https://mcp.example.com/about")).status).toBe(404);
    expect((await ask("https://mcp.example.com/mcp-other")).status).toBe(404);
  });
});

describe("a client of the library", () => {
  test("learns from 401 that its access token is invalid, and finds the service", async () => {
    const { server } = await discover(OLD_TOKEN);
    const endpoint = String(server["token_endpoint"]);
    const grant = { grant_type: "refresh_token", refresh_token: OLD_TOKEN };
    const unknown = await post(endpoint, { ...grant, client_id: OLD_CLIENT });
    expect([unknown.status, await unknown.json()]).toMatchObject([
      401,
      { error: "invalid_client" },
    ]);
    const authorization = `Basic ${btoa("abc123:the secret that the library gave it")}`;
    const known = await post(endpoint, grant, { Authorization: authorization });
    expect([known.status, await known.json()]).toMatchObject([400, { error: "invalid_grant" }]);
  });

  test("gets a page, not a redirect, with the client id of its registration", async () => {
    const browser = newBrowser({ fetch: (url, init) => ask(String(url), init) });
    const shown = await browser.authorize({ client_id: OLD_CLIENT, resource: RESOURCE });
    expect(shown).toMatchObject({ status: 400, location: null });
  });

  test("keeps its id and secret if it was registered with both", async () => {
    const authorization = `Basic ${btoa("abc123:the secret that the library gave it")}`;
    const token = await signIn("abc123", "notes:read notes:write", {
      Authorization: authorization,
    });
    expect(await propsOf(token)).toEqual({
      userId: "user-123",
      scope: ["notes:read", "notes:write"],
    });
  });
});
