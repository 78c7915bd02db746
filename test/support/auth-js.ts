import { type Account, Auth, type AuthConfig } from "@auth/core";
import { OAuthCallbackError } from "@auth/core/errors";
import type { CodeClient } from "./code-client.ts";

/** The origin of an app that Auth.js signs users in to. */
const APP = "https://app.example.com";

/** Where Auth.js receives codes. */
export const AUTH_JS_CALLBACK = `${APP}/auth/callback/tollgate`;

/** Auth.js (`@auth/core`), which leaves refresh and revocation to the app. */
export function authJs(issuer: string, clientId: string, clientSecret: string): CodeClient {
  const cookies = new Map<string, string>();
  let account: Account | null = null;
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
    providers: [
      {
        id: "tollgate",
        name: "Tollgate",
        type: "oauth",
        issuer,
        clientId,
        clientSecret,
        checks: ["pkce", "state"],
        authorization: { url: `${issuer}/o/authorize/`, params: { scope: "read write" } },
        token: `${issuer}/o/token/`,
        userinfo: { request: () => ({ sub: "ada" }) },
      },
    ],
    callbacks: {
      jwt({ token, account: current }) {
        account = current ?? account;
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
  return {
    async signIn(visit) {
      [account, failure] = [null, null];
      const { csrfToken } = (await (await call(`${APP}/auth/csrf`)).json()) as Record<
        string,
        string
      >;
      const body = new URLSearchParams({ csrfToken: csrfToken ?? "" });
      const started = await call(`${APP}/auth/signin/tollgate`, { method: "POST", body });
      await call(await visit(started.headers.get("Location") ?? ""));
      if (failure !== null) throw failure;
      const { access_token, refresh_token, scope, expires_in } = (account ??
        {}) as Partial<Account>;
      return {
        accessToken: access_token ?? "",
        refreshToken: refresh_token,
        scope: scope ?? "",
        expiresIn: expires_in ?? 0,
      };
    },
    // It says only that the response is an error.
    codeOf: (error) => (error instanceof OAuthCallbackError ? "access_denied" : undefined),
  };
}
