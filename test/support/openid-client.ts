import * as openid from "openid-client";
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
    codeOf: (error) => (error instanceof openid.ResponseBodyError ? error.error : undefined),
  };
}

function read(answer: openid.TokenEndpointResponse): LibraryTokens {
  const { access_token: accessToken, refresh_token: refreshToken, scope = "" } = answer;
  return { accessToken, refreshToken, scope, expiresIn: answer.expires_in ?? 0 };
}
