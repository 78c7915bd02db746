import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { expect } from "vitest";
import { approve } from "./mcp-user.ts";

/** The tools of `examples/mcp-server`. */
export const TOOLS = ["list_notes", "add_note"];

/** What the official SDK's client stores, in memory. */
export interface McpProvider extends OAuthClientProvider {
  /** The authorization requests for which it would have opened a browser. */
  readonly asked: URL[];
  stored: {
    client: StoredOAuthClientInformation | undefined;
    tokens: StoredOAuthTokens | undefined;
  };
}

/** How a client is known to the service. */
interface McpIdentity {
  /** What an operator told it. */
  readonly client?: StoredOAuthClientInformation;
  /** The URL of its metadata document. */
  readonly clientMetadataUrl?: string;
}

/** Makes the provider of a client, which registers itself if nothing else is known. */
export function createMcpProvider({ client, clientMetadataUrl }: McpIdentity = {}): McpProvider {
  const asked: URL[] = [];
  const stored: McpProvider["stored"] = { client, tokens: undefined };
  let verifier = "";
  let discovery: OAuthDiscoveryState | undefined;
  const redirectUrl = "http://localhost:33333/oauth/callback";
  return {
    asked,
    stored,
    redirectUrl,
    ...(clientMetadataUrl && { clientMetadataUrl }),
    clientMetadata: {
      client_name: "SDK",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
    },
    clientInformation: () => stored.client,
    saveClientInformation: (information) => {
      stored.client = information;
    },
    tokens: () => stored.tokens,
    saveTokens: (tokens) => {
      stored.tokens = tokens;
    },
    redirectToAuthorization: (url) => {
      asked.push(url);
    },
    codeVerifier: () => verifier,
    saveCodeVerifier: (value) => {
      verifier = value;
    },
    discoveryState: () => discovery,
    saveDiscoveryState: (state) => {
      discovery = state;
    },
    invalidateCredentials: (scope) => {
      if (scope === "all" || scope === "client") stored.client = undefined;
      if (scope === "all" || scope === "tokens") stored.tokens = undefined;
    },
  };
}

/** Connects the SDK's client to an MCP server; its user signs in if it has no token. */
export async function connectMcp(provider: McpProvider, server: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  if (provider.stored.tokens === undefined) {
    await expect(client.connect(transportTo(server, provider))).rejects.toThrow();
    await finishMcp(provider, server);
  }
  await client.connect(transportTo(server, provider));
  return client;
}

/** Lets the user approve the last authorization request of a client. */
export async function finishMcp(provider: McpProvider, server: string): Promise<void> {
  const url = provider.asked.at(-1);
  if (url === undefined) throw new Error("the client asked for no authorization");
  const { searchParams } = await approve(url);
  await transportTo(server, provider).finishAuth(searchParams);
}

/** Expects that a client of `examples/mcp-server` reads, asks for more to write, and refreshes. */
export async function expectStepUp(provider: McpProvider, server: string): Promise<void> {
  const client = await connectMcp(provider, server);
  expect(scopeOf(provider)).toEqual(["notes:read", "offline_access"]);
  const call = { name: "add_note", arguments: { note: "call Ada" } };
  await expect(client.callTool(call)).rejects.toThrow();
  await finishMcp(provider, server);
  const wider = await connectMcp(provider, server);
  expect(scopeOf(provider)).toEqual(["notes:read", "notes:write", "offline_access"]);
  await wider.callTool(call);
  const { tokens } = provider.stored;
  // As an expired one.
  provider.stored.tokens = { ...tokens, access_token: "expired", token_type: "Bearer" };
  const { tools } = await wider.listTools();
  expect(tools.map(({ name }) => name)).toEqual(TOOLS);
  expect(scopeOf(provider)).toEqual(["notes:read", "notes:write", "offline_access"]);
  expect(provider.stored.tokens?.refresh_token).not.toBe(tokens?.refresh_token);
  expect(provider.asked).toHaveLength(2);
  await Promise.all([client.close(), wider.close()]);
}

function transportTo(server: string, authProvider: McpProvider): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(`${server}/mcp`), { authProvider });
}

function scopeOf({ stored }: McpProvider): string[] | undefined {
  return stored.tokens?.scope?.split(" ").sort();
}
