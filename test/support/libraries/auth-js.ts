import { type Account, Auth, type AuthConfig, type Profile } from "@auth/core";
import { OAuthCallbackError } from "@auth/core/errors";
import type { CodeClient, Visit } from "./code-client.ts";
import type { OpenIdLibrary } from "./openid-library.ts";

/** The origin of an app that Auth.js signs users in to. */
const APP = "https://app.example.com";

/** Where Auth.js receives codes. */
export const AUTH_JS_CALLBACK = `${APP}/auth/callback/tollgate`;

/** What an app gets from Auth.js at a sign-in. */
interface SignedIn {
  readonly account?: Account | null;
  readonly profile?: Profile;
}

/** Auth.js (`@auth/core`), which leaves refresh and revocation to the app. */
export function authJs(issuer: string, clientId: string, clientSecret: string): CodeClient {
  const signIn = withAuthJs({
    type: "oauth",
    issuer,
    clientId,
    clientSecret,
    checks: ["pkce", "state"],
    authorization: { url: `${issuer}/o/authorize/`, params: { scope: "read write" } },
    token: `${issuer}/o/token/`,
    userinfo: { request: () => ({ sub: "ada" }) },
  });
  return {
    async signIn(visit) {
      const { account } = await signIn(visit);
      return {
        accessToken: account?.access_token ?? "",
        refreshToken: account?.refresh_token,
        scope: account?.scope ?? "",
        expiresIn: account?.expires_in ?? 0,
      };
    },
    // It says only that the response is an error.
    codeOf: (error) => (error instanceof OAuthCallbackError ? "access_denied" : undefined),
  };
}

/** Auth.js as an OpenID relying library: everything else is in the discovery document. */
export function authJsOpenId(
  issuer: string,
  clientId: string,
  clientSecret: string,
): OpenIdLibrary {
  const checks = ["pkce", "state", "nonce"];
  const signIn = withAuthJs({ type: "oidc", issuer, clientId, clientSecret, checks });
  return {
    async signIn(visit) {
      const { profile } = await signIn(visit);
      return { subject: profile?.sub, name: profile?.name };
    },
  };
}

/** An app with one provider. @returns signs a user in, or throws what Auth.js reports */
function withAuthJs(provider: object): (visit: Visit) => Promise<SignedIn> {
  const cookies = new Map<string, string>();
  let signedIn: SignedIn = {};
  let failure: Error | null = null;
  const config: AuthConfig = {
    basePath: "/auth",
    trustHost: true,
    secret: "a secret of the app",
    logger: {
      error(error) {
        failure = error;
      },
    },
    providers: [{ id: "tollgate", name: "Tollgate", ...provider }],
    callbacks: {
      jwt({ token, account, profile }) {
        if (account) signedIn = { account, ...(profile && { profile }) };
        return token;
      },
    },
  };
  async function call(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, Cookie: cookie };
    const response = await Auth(new Request(url, { ...init, headers }), config);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  }
  return async (visit) => {
    [signedIn, failure] = [{}, null];
    const csrf = await call(`${APP}/auth/csrf`);
    const { csrfToken } = (await csrf.json()) as { csrfToken: string };
    const body = new URLSearchParams({ csrfToken });
    const started = await call(`${APP}/auth/signin/tollgate`, { method: "POST", body });
    if (failure !== null) throw failure;
    await call(await visit(started.headers.get("Location") ?? ""));
    if (failure !== null) throw failure;
    return signedIn;
  };
}
