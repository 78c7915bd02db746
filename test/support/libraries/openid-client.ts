import * as openid from "openid-client";
import { CALLBACK } from "./code-client.ts";
import type { IndependentClient, LibraryTokens } from "./independent-client.ts";

/** `openid-client`, which learns from the service's metadata where everything is. */
export async function openidClient(
  origin: string,
  clientId: string,
  authentication: openid.ClientAuth,
): Promise<IndependentClient> {
  const config = await openid.discovery(new URL(origin), clientId, undefined, authentication, {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  return {
    async signIn(visit) {
      const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK,
        scope: "read write",
        state,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      const checks = { pkceCodeVerifier: verifier, expectedState: state };
      return read(await openid.authorizationCodeGrant(config, await visit(url), checks));
    },
    async logIn(username, password) {
      const fields = { username, password, scope: "read write" };
      return read(await openid.genericGrantRequest(config, "password", fields));
    },
    async refresh({ refreshToken = "" }) {
      return read(await openid.refreshTokenGrant(config, refreshToken));
    },
    async clientCredentials(scope) {
      return read(await openid.clientCredentialsGrant(config, { scope }));
    },
    async revoke({ refreshToken = "" }) {
      await openid.tokenRevocation(config, refreshToken);
    },
    async introspect(token) {
      return { ...(await openid.tokenIntrospection(config, token)) };
    },
    codeOf(error) {
      const { ResponseBodyError, AuthorizationResponseError } = openid;
      const isOurs = error instanceof ResponseBodyError;
      return isOurs || error instanceof AuthorizationResponseError ? error.error : undefined;
    },
  };
}

function read(answer: openid.TokenEndpointResponse): LibraryTokens {
  const { access_token: accessToken, refresh_token: refreshToken, scope = "" } = answer;
  return { accessToken, refreshToken, scope, expiresIn: answer.expires_in ?? 0 };
}
