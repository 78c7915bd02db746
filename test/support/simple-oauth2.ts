import {
  type AccessToken,
  ClientCredentials,
  type ModuleOptions,
  ResourceOwnerPassword,
} from "simple-oauth2";
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
  const password = new ResourceOwnerPassword({ client, auth, http, options });
  const credentials = new ClientCredentials({ client, auth, http, options });
  const tokenOf = ({ accessToken, refreshToken }: LibraryTokens): AccessToken => {
    return password.createToken({ access_token: accessToken, refresh_token: refreshToken });
  };
  return {
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
