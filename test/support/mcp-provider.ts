import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";

/** What the official SDK's client stores, in memory. */
export interface McpProvider extends OAuthClientProvider {
  /** The authorization requests for which it would have opened a browser. */
  readonly asked: URL[];
  stored: {
    client: StoredOAuthClientInformation | undefined;
    tokens: StoredOAuthTokens | undefined;
  };
}

/** Makes the provider of a client. @param client undefined: the client registers itself */
export function createMcpProvider(client?: StoredOAuthClientInformation): McpProvider {
  const asked: URL[] = [];
  const stored: McpProvider["stored"] = { client, tokens: undefined };
  let verifier = "";
  let discovery: OAuthDiscoveryState | undefined;
  const redirectUrl = "http://localhost:33333/oauth/callback";
  return {
    asked,
    stored,
    redirectUrl,
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
