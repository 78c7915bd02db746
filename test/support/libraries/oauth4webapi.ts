import * as oauth from "oauth4webapi";
import { CALLBACK } from "./code-client.ts";
import type { IndependentClient, LibraryTokens } from "./independent-client.ts";

const OPTIONS = { [oauth.allowInsecureRequests]: true } as const;

/** What the library makes of the service's metadata (RFC 8414). */
export async function discover(origin: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(origin);
  const response = await oauth.discoveryRequest(issuer, { ...OPTIONS, algorithm: "oauth2" });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** `oauth4webapi`, which checks each response against its RFC. */
export function oauth4webapi(
  server: oauth.AuthorizationServer,
  client_id: string,
  authentication: oauth.ClientAuth,
): IndependentClient {
  const client: oauth.Client = { client_id };
  const as = [server, client, authentication] as const;
  return {
    async signIn(visit) {
      const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
      const url = new URL(server.authorization_endpoint ?? "");
      const parameters = {
        client_id,
        response_type: "code",
        redirect_uri: CALLBACK,
        scope: "read write",
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      };
      url.search = new URLSearchParams(parameters).toString();
      const found = oauth.validateAuthResponse(server, client, await visit(url), state);
      const code = [found, CALLBACK, verifier] as const;
      const response = await oauth.authorizationCodeGrantRequest(...as, ...code, OPTIONS);
      return read(await oauth.processAuthorizationCodeResponse(server, client, response));
    },
    async logIn(username, password) {
      const fields = { username, password, scope: "read write" };
      const response = await oauth.genericTokenEndpointRequest(...as, "password", fields, OPTIONS);
      return read(await oauth.processGenericTokenEndpointResponse(server, client, response));
    },
    async refresh({ refreshToken = "" }) {
      const response = await oauth.refreshTokenGrantRequest(...as, refreshToken, OPTIONS);
      return read(await oauth.processRefreshTokenResponse(server, client, response));
    },
    async clientCredentials(scope) {
      const response = await oauth.clientCredentialsGrantRequest(...as, { scope }, OPTIONS);
      return read(await oauth.processClientCredentialsResponse(server, client, response));
    },
    async revoke({ refreshToken = "" }) {
      const response = await oauth.revocationRequest(...as, refreshToken, OPTIONS);
      await oauth.processRevocationResponse(response);
    },
    async introspect(token) {
      const response = await oauth.introspectionRequest(...as, token, OPTIONS);
      return { ...(await oauth.processIntrospectionResponse(server, client, response)) };
    },
    codeOf(error) {
      const { ResponseBodyError, AuthorizationResponseError } = oauth;
      const isOurs = error instanceof ResponseBodyError;
      return isOurs || error instanceof AuthorizationResponseError ? error.error : undefined;
    },
  };
}

/** The library's own check of a JWT access token (RFC 9068 §4), as an API would make it. */
export function validateJwt(
  server: oauth.AuthorizationServer,
  token: string,
  audience: string,
): Promise<oauth.JWTAccessTokenClaims> {
  const headers = { Authorization: `Bearer ${token}` };
  const request = new Request(audience, { headers });
  return oauth.validateJwtAccessToken(server, request, audience, OPTIONS);
}

function read(answer: oauth.TokenEndpointResponse): LibraryTokens {
  const { access_token: accessToken, refresh_token: refreshToken, scope = "" } = answer;
  return { accessToken, refreshToken, scope, expiresIn: answer.expires_in ?? 0 };
}
