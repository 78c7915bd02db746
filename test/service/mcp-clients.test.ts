import { env } from "cloudflare:workers";
import type { JWK } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ASSERTION_TYPE, newAssertion } from "../support/assertions.ts";
import { codeOf, newBrowser, registerWebApps, VERIFIER } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { callsTo, host, routeDocuments } from "../support/documents.ts";
import { keyId, newKey, publicHalf } from "../support/keys.ts";
import { createService, registerDefaults, type TokenAnswer } from "../support/service.ts";

const RESOURCE = "https://mcp.example.com/mcp";

/** How a client of 2026 introduces itself, and where it lets the code be sent. */
interface McpClient {
  /** The URL of its metadata document; without it, it registers itself. */
  readonly documentUrl?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly redirectUri: string;
  /** What the consent page must show of that. */
  readonly shown: string;
}

const GRANTS = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
const PUBLIC = { ...GRANTS, token_endpoint_auth_method: "none" };

const CLAUDE = "https://claude.ai/api/mcp/auth_callback";
const VS_CODE = {
  ...PUBLIC,
  client_name: "Visual Studio Code",
  client_uri: "https://vscode.dev/product",
  grant_types: [...GRANTS.grant_types, "urn:ietf:params:oauth:grant-type:device_code"],
  application_type: "native",
  redirect_uris: [
    ...["http://127.0.0.1:33418/", "https://vscode.dev/redirect", "http://127.0.0.1/"],
    "https://insiders.vscode.dev/redirect",
  ],
};
const CHATGPT = {
  ...GRANTS,
  client_name: "ChatGPT",
  client_uri: "https://chatgpt.com/",
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
  token_endpoint_auth_signing_alg: "RS256",
  jwks_uri: "https://chatgpt.com/oauth/jwks.json",
};
const CURSOR = {
  ...PUBLIC,
  client_name: "Cursor",
  redirect_uris: [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
  ],
};
const INSPECTOR = { ...PUBLIC, client_name: "MCP Inspector" };

const CLIENTS: Readonly<Record<string, McpClient>> = {
  "claude.ai, by its document": {
    documentUrl: "https://claude.ai/oauth/mcp-oauth-client-metadata",
    metadata: { ...PUBLIC, client_name: "Claude", redirect_uris: [CLAUDE] },
    redirectUri: CLAUDE,
    shown: "claude.ai",
  },
  "claude.ai, registered": {
    metadata: { ...PUBLIC, client_name: "Claude", redirect_uris: [CLAUDE], scope: "read" },
    redirectUri: CLAUDE,
    shown: "claude.ai",
  },
  "Claude Code, with any port": {
    documentUrl: "https://claude.ai/oauth/claude-code-client-metadata",
    metadata: {
      ...PUBLIC,
      client_name: "Claude Code",
      redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
    },
    redirectUri: "http://localhost:54321/callback",
    shown: "localhost",
  },
  "ChatGPT, by its key": {
    documentUrl: "https://chatgpt.com/oauth/client.json",
    metadata: {
      ...CHATGPT,
      redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"],
    },
    redirectUri: "https://chatgpt.com/connector_platform_oauth_redirect",
    shown: "chatgpt.com",
  },
  "a connector of ChatGPT, by its key": {
    documentUrl: "https://chatgpt.com/oauth/kDmjx77UnKOM/client.json",
    metadata: { ...CHATGPT, redirect_uris: ["https://chatgpt.com/connector/oauth/kDmjx77UnKOM"] },
    redirectUri: "https://chatgpt.com/connector/oauth/kDmjx77UnKOM",
    shown: "chatgpt.com",
  },
  "VS Code, by its document": {
    documentUrl: "https://vscode.dev/oauth/client-metadata.json",
    metadata: VS_CODE,
    redirectUri: "https://vscode.dev/redirect",
    shown: "vscode.dev",
  },
  "VS Code, registered, on its own port": {
    metadata: VS_CODE,
    redirectUri: "http://127.0.0.1:33418/",
    shown: "127.0.0.1",
  },
  "VS Code, registered, on another port": {
    metadata: VS_CODE,
    redirectUri: "http://127.0.0.1:50000/",
    shown: "127.0.0.1",
  },
  "Cursor, with its scheme": {
    metadata: CURSOR,
    redirectUri: "cursor://anysphere.cursor-mcp/oauth/callback",
    // Not the host, which any app can put into its URI.
    shown: "<bdi>cursor:</bdi>",
  },
  "Cursor, from its agents": {
    metadata: CURSOR,
    redirectUri: "https://www.cursor.com/agents/mcp/oauth/callback",
    shown: "www.cursor.com",
  },
  "Cursor, on this computer": {
    metadata: CURSOR,
    redirectUri: "http://localhost:8787/callback",
    shown: "localhost",
  },
  "mcp-remote": {
    metadata: {
      ...PUBLIC,
      client_name: "MCP CLI Proxy",
      client_uri: "https://github.com/modelcontextprotocol/mcp-cli",
      redirect_uris: ["http://localhost:3334/oauth/callback"],
      software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
      software_version: "0.15.1",
    },
    redirectUri: "http://localhost:3334/oauth/callback",
    shown: "localhost",
  },
  "the web page of Inspector": {
    metadata: { ...INSPECTOR, redirect_uris: ["http://localhost:6274/oauth/callback"], scope: "" },
    redirectUri: "http://localhost:6274/oauth/callback",
    shown: "localhost",
  },
  "the command of Inspector": {
    metadata: { ...INSPECTOR, redirect_uris: ["http://127.0.0.1:6276/oauth/callback"] },
    redirectUri: "http://127.0.0.1:6276/oauth/callback",
    shown: "127.0.0.1",
  },
};

const SETTINGS = {
  CIMD: "claude.ai chatgpt.com vscode.dev",
  REGISTRATION: "open",
  RESOURCES: RESOURCE,
};
const service = createService(SETTINGS);
const key = newKey("RS256");

stopClock();
routeDocuments();

/** A host is called once a minute, and these tests share hosts. */
let minutes = 0;
beforeEach(() => {
  minutes += 60;
  passSeconds(60 * minutes);
});

beforeAll(() => registerDefaults(service));

/** The public part of a key, as a client publishes it. */
async function jwksOf(each: JWK) {
  return { keys: [{ ...publicHalf(each), kid: await keyId(each) }] };
}

/** Sets what ChatGPT publishes. */
async function publish(each: JWK): Promise<void> {
  await host(CHATGPT.jwks_uri, { body: JSON.stringify(await jwksOf(each)) });
}

/** @returns its client id */
async function introduce({ documentUrl, metadata }: McpClient): Promise<string> {
  if (documentUrl !== undefined) {
    await host(documentUrl, { body: JSON.stringify({ client_id: documentUrl, ...metadata }) });
    return documentUrl;
  }
  const response = await service.fetch("/o/register/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(metadata),
  });
  expect(response.status).toBe(201);
  const { client_id } = await response.json<{ client_id: string }>();
  return client_id;
}

/** Asks the token endpoint as a client. @param signer of the assertion; null: a public client */
async function ask(
  clientId: string,
  signer: JWK | null,
  fields: Record<string, string>,
  at = service,
) {
  const assertion = signer && {
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await newAssertion(clientId, signer),
  };
  const all = { client_id: clientId, resource: RESOURCE, ...assertion, ...fields };
  return at.token<TokenAnswer>(all, null);
}

/** Signs a user in, and redeems the code. */
async function connect(client: McpClient, clientId: string, signer: JWK | null) {
  const browser = newBrowser(service);
  const request = {
    client_id: clientId,
    redirect_uri: client.redirectUri,
    resource: RESOURCE,
    scope: "read",
  };
  const consentPage = await browser.signIn(await browser.authorize(request));
  expect(consentPage.text.replaceAll("<wbr>", "")).toContain(client.shown);
  const redirect = await browser.allow(consentPage);
  expect(redirect.location?.href.startsWith(client.redirectUri)).toBe(true);
  const exchanged = await ask(clientId, signer, {
    grant_type: "authorization_code",
    code: codeOf(redirect),
    code_verifier: VERIFIER,
    redirect_uri: client.redirectUri,
  });
  expect(exchanged).toMatchObject({ status: 200, body: { scope: "read", token_type: "Bearer" } });
  return { askAgain: () => browser.authorize(request), tokens: exchanged.body };
}

const refresh = (
  clientId: string,
  signer: JWK | null,
  { refresh_token }: TokenAnswer,
  at = service,
) => {
  return ask(clientId, signer, { grant_type: "refresh_token", refresh_token }, at);
};

describe.each(Object.entries(CLIENTS))("%s", (_, client) => {
  test("signs a user in, and refreshes", async () => {
    const hasKey = client.metadata["token_endpoint_auth_method"] === "private_key_jwt";
    const signer = hasKey ? await key : null;
    if (signer !== null) await publish(signer);
    const clientId = await introduce(client);
    const { tokens, askAgain } = await connect(client, clientId, signer);
    const refreshed = await refresh(clientId, signer, tokens);
    expect(refreshed).toMatchObject({ status: 200, body: { scope: "read" } });
    // No operator registered it, so its user is asked every time.
    const again = await askAgain();
    expect([again.location, again.text.includes('name="decision"')]).toEqual([null, true]);
  });
});

describe("a client with keys at a URL", () => {
  const client = CLIENTS["ChatGPT, by its key"] as McpClient;

  test("may replace its key, which is fetched once a minute at most", async () => {
    const next = await newKey("RS256");
    await publish(await key);
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    await publish(next);
    const before = (await callsTo("chatgpt.com")).length;
    passSeconds(1);
    const early = [await refresh(clientId, next, tokens), await refresh(clientId, next, tokens)];
    expect(early).toMatchObject([{ status: 503 }, { status: 503 }]);
    expect(await callsTo("chatgpt.com")).toHaveLength(before);
    passSeconds(60);
    expect(await refresh(clientId, next, tokens)).toMatchObject({ status: 200 });
    expect(await callsTo("chatgpt.com")).toHaveLength(before + 1);
  });

  test("keeps its keys while they cannot be fetched for an unknown one", async () => {
    await publish(await key);
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    await host(CHATGPT.jwks_uri, { status: 500 });
    passSeconds(61);
    expect(await refresh(clientId, await newKey("RS256"), tokens)).toMatchObject({ status: 503 });
    expect(await refresh(clientId, await key, tokens)).toMatchObject({ status: 200 });
  });

  test("may not send an assertion for another service, for which no keys are fetched", async () => {
    await publish(await key);
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    const before = (await callsTo("chatgpt.com")).length;
    for (const seconds of [1, 61]) {
      passSeconds(seconds);
      const rejected = await ask(clientId, null, {
        grant_type: "refresh_token",
        refresh_token: tokens.refresh_token,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await newAssertion(clientId, await key, { aud: "https://a.example" }),
      });
      expect(rejected).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    }
    expect(await callsTo("chatgpt.com")).toHaveLength(before);
  });

  test("keeps its tokens while its keys cannot be fetched", async () => {
    await publish(await key);
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    await host(CHATGPT.jwks_uri, { status: 500 });
    passSeconds(301);
    const failed = await refresh(clientId, await key, tokens);
    expect([failed.status, failed.headers.get("Retry-After")]).toEqual([503, "60"]);
    await publish(await key);
    passSeconds(61);
    expect(await refresh(clientId, await key, tokens)).toMatchObject({ status: 200 });
  });
});

describe("a client with keys in its document", () => {
  const documentUrl = "https://chatgpt.com/own-keys/client.json";
  const { jwks_uri: _, ...metadata } = CHATGPT;
  const redirectUri = "https://chatgpt.com/callback";
  const withKey = async (each: JWK): Promise<McpClient> => {
    const own = { redirect_uris: [redirectUri], jwks: await jwksOf(each) };
    return { documentUrl, metadata: { ...metadata, ...own }, redirectUri, shown: "chatgpt.com" };
  };

  test("may replace its key, and keeps its tokens while the document cannot be fetched", async () => {
    const client = await withKey(await key);
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    const next = await newKey("RS256");
    await introduce(await withKey(next));
    const before = (await callsTo("chatgpt.com")).length;
    passSeconds(61);
    const refreshed = await refresh(clientId, next, tokens);
    expect(refreshed).toMatchObject({ status: 200 });
    const again = await refresh(clientId, next, refreshed.body);
    expect(again).toMatchObject({ status: 200 });
    expect(await callsTo("chatgpt.com")).toHaveLength(before + 1);
    await host(documentUrl, { status: 500 });
    passSeconds(400);
    // The row of the consent has the first key.
    expect(await refresh(clientId, await key, again.body)).toMatchObject({ status: 200 });
    expect(await refresh(clientId, next, again.body)).toMatchObject({ status: 503 });
  });
});

describe("a client whose document describes its keys in another way", () => {
  const documentUrl = "https://chatgpt.com/moving-keys/client.json";
  const { jwks_uri, ...metadata } = CHATGPT;
  const redirectUri = "https://chatgpt.com/callback";
  const common = { documentUrl, redirectUri, shown: "chatgpt.com" };
  const withKeys = (keys: object): McpClient => {
    return { ...common, metadata: { ...metadata, redirect_uris: [redirectUri], ...keys } };
  };

  test("needs no new consent", async () => {
    const [first, second, last] = [await newKey("RS256"), await newKey("RS256"), await key];
    const secondUri = "https://keys.chatgpt.com/jwks.json";
    await publish(first);
    await host(secondUri, { body: JSON.stringify(await jwksOf(second)) });
    const refreshAfter = async (keys: object, signer: JWK, login: TokenAnswer) => {
      await introduce(withKeys(keys));
      passSeconds(400);
      const refreshed = await refresh(documentUrl, signer, login);
      expect(refreshed).toMatchObject({ status: 200 });
      return refreshed.body;
    };
    await introduce(withKeys({ jwks: await jwksOf(last) }));
    const inside = await connect(withKeys({}), documentUrl, last);
    await refreshAfter({ jwks_uri }, first, inside.tokens);
    // From here on the consent has the first URL.
    let { tokens } = await connect(withKeys({}), documentUrl, first);
    tokens = await refreshAfter({ jwks_uri: secondUri }, second, tokens);
    tokens = await refreshAfter({ jwks: await jwksOf(last) }, last, tokens);
    await host(jwks_uri, { status: 404 });
    await refreshAfter({ jwks: await jwksOf(last) }, last, tokens);
  });
});

test.each([
  ["the redirect URI", { redirect_uris: ["https://evil.example/callback"] }, "evil.example"],
  ["the scope", { redirect_uris: [CLAUDE], scope: "read write" }, "<bdi>write</bdi>"],
])(
  "a document with another value for %s is not what the user allowed",
  async (_, change, shown) => {
    const documentUrl = "https://claude.ai/oauth/changing";
    const client = { documentUrl, redirectUri: CLAUDE, shown };
    const metadata = { ...PUBLIC, redirect_uris: [CLAUDE], scope: "read" };
    const clientId = await introduce({ ...client, metadata });
    const browser = newBrowser(service);
    const request = { client_id: clientId, redirect_uri: undefined, scope: undefined };
    const page = await browser.signIn(await browser.authorize(request));
    expect(page.text.replaceAll("<wbr>", "")).not.toContain(shown);
    await introduce({ ...client, metadata: { ...metadata, ...change } });
    passSeconds(400);
    const again = await browser.allow(page);
    expect(again.text.replaceAll("<wbr>", "")).toContain(shown);
    expect(codeOf(await browser.allow(again))).toBeTruthy();
  },
);

test("a client that is denied by its id is rejected before sign-in, and nothing is fetched", async () => {
  const clientId = "https://claude.ai/oauth/denied";
  const strict = createService({ ...SETTINGS, DENIED_CLIENTS: clientId });
  const before = await callsTo("claude.ai");
  const browser = newBrowser(strict);
  const request = { client_id: clientId, redirect_uri: CLAUDE };
  expect((await browser.authorize(request)).text).toContain("client_not_registered");
  await registerWebApps(service);
  await browser.signIn(await browser.authorize());
  expect((await browser.authorize(request)).text).toContain("client_not_registered");
  expect(await callsTo("claude.ai")).toEqual(before);
});

test.each<[string, number]>([
  ["claude.ai, by its document", 200],
  ["ChatGPT, by its key", 401],
])("after CIMD is off, %s refreshes with status %i", async (name, status) => {
  const client = CLIENTS[name] as McpClient;
  const signer = status === 401 ? await key : null;
  await publish(await key);
  const clientId = await introduce(client);
  const { tokens } = await connect(client, clientId, signer);
  const off = createService({ ...SETTINGS, CIMD: "off" });
  expect(await refresh(clientId, signer, tokens, off)).toMatchObject({ status });
  const request = { client_id: clientId, redirect_uri: client.redirectUri };
  expect((await newBrowser(off).authorize(request)).text).toContain('name="password"');
});

describe("a stranger makes the service fetch nothing", () => {
  const forged = async (clientId: string) => {
    const assertion = {
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await newAssertion(clientId, await key),
    };
    const grants = [
      { grant_type: "authorization_code", code: "tgc_forged", code_verifier: VERIFIER },
      { grant_type: "refresh_token", refresh_token: "tgr_forged" },
    ];
    const asked = grants.map((grant) => service.token({ ...grant, ...assertion }, null));
    return (await Promise.all(asked)).map(({ status }) => status);
  };

  test("of a document: it is fetched after sign-in, and stored at consent", async () => {
    const documentUrl = "https://vscode.dev/oauth/after-sign-in.json";
    const metadata = { ...PUBLIC, redirect_uris: [CLAUDE] };
    await introduce({ documentUrl, metadata, redirectUri: CLAUDE, shown: "claude.ai" });
    const before = await callsTo("vscode.dev");
    const browser = newBrowser(service);
    const request = { client_id: documentUrl, redirect_uri: CLAUDE, resource: RESOURCE };
    const silent = await browser.authorize({ ...request, prompt: "none" });
    expect(silent).toMatchObject({ status: 400, location: null });
    const page = await browser.authorize(request);
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining("vscode.dev") });
    await browser.signIn(page, { password: "wrong" });
    expect(await forged(documentUrl)).toEqual([401, 401]);
    expect(await callsTo("vscode.dev")).toEqual(before);
    const consentPage = await browser.signIn(page);
    expect(await callsTo("vscode.dev")).toHaveLength(before.length + 1);
    const row = env.DB.prepare("SELECT 1 FROM clients WHERE client_id = ?").bind(documentUrl);
    await browser.submit(consentPage, { decision: "deny" });
    expect(await row.first()).toBeNull();
    await browser.allow(await browser.authorize(request));
    expect(await row.first()).not.toBeNull();
  });

  test("of keys: they are fetched for a code or token of the client", async () => {
    await publish(await key);
    const client = CLIENTS["ChatGPT, by its key"] as McpClient;
    const clientId = await introduce(client);
    const { tokens } = await connect(client, clientId, await key);
    // Where neither the document nor the keys are cached.
    passSeconds(3600);
    const before = (await callsTo("chatgpt.com")).length;
    expect(await forged(clientId)).toEqual([401, 401]);
    expect(await callsTo("chatgpt.com")).toHaveLength(before);
    expect(await refresh(clientId, await key, tokens)).toMatchObject({ status: 200 });
    expect(await callsTo("chatgpt.com")).toHaveLength(before + 1);
  });
});
