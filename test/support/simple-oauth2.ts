import {
  type AccessToken,
  AuthorizationCode,
  ClientCredentials,
  type ModuleOptions,
  ResourceOwnerPassword,
} from "simple-oauth2";
import { CHALLENGE, VERIFIER } from "./browsing.ts";
import { CALLBACK } from "./code-client.ts";
import type { IndependentClient, LibraryTokens } from "./independent-client.ts";

/**
 * By default ("strict") the library takes a response without a content type for a failure, and so a
 * revocation that succeeded, whose body is empty.
 */
const http = { json: true };

/** `simple-oauth2`, which has no call to introspect. */
export function simpleOauth2(
  origin: string,
  client: ModuleOptions["client"],
  options: NonNullable<ModuleOptions["options"]>,
): IndependentClient {
  const auth = { tokenHost: origin, tokenPath: "/o/token/", revokePath: "/o/revoke_token/" };
  const browserAuth = { ...auth, authorizePath: "/o/authorize/" };
  const codes = new AuthorizationCode({ client, auth: browserAuth, http, options });
  const password = new ResourceOwnerPassword({ client, auth, http, options });
  const credentials = new ClientCredentials({ client, auth, http, options });
  const tokenOf = ({ accessToken, refreshToken }: LibraryTokens): AccessToken => {
    return password.createToken({ access_token: accessToken, refresh_token: refreshToken });
  };
  return {
    async signIn(visit) {
      // Its types know no parameters of PKCE, but it passes them on.
      const challenge = { code_challenge: CHALLENGE, code_challenge_method: "S256" };
      const asked = { redirect_uri: CALLBACK, scope: "read write", state: "xyz", ...challenge };
      const { searchParams } = await visit(codes.authorizeURL(asked));
      const code = searchParams.get("code") ?? "";
      const parameters = { code, redirect_uri: CALLBACK, code_verifier: VERIFIER };
      return read(await codes.getToken(parameters));
    },
    async logIn(username, secret) {
      return read(await password.getToken({ username, password: secret, scope: "read write" }));
    },
    async refresh(tokens) {
      return read(await tokenOf(tokens).refresh());
    },
    async clientCredentials(scope) {
      return read(await credentials.getToken({ scope }));
    },
    async revoke(tokens) {
      await tokenOf(tokens).revokeAll();
    },
    codeOf(error) {
      return (error as { data?: { payload?: { error?: string } } }).data?.payload?.error;
    },
  };
}

function read({ token }: AccessToken): LibraryTokens {
  const { access_token, refresh_token, scope } = token as Record<string, string | undefined>;
  return {
    accessToken: access_token ?? "",
    refreshToken: refresh_token,
    scope: scope ?? "",
    expiresIn: Number(token["expires_in"]),
  };
}
