import type { Server } from "node:http";
import express from "express";
import { auth } from "express-openid-connect";
import * as openid from "openid-client";
import OpenIDConnectStrategy from "passport-openidconnect";
import { CALLBACK, type Visit } from "./code-client.ts";
import { type Identity, type OpenIdLibrary, SIGNED_OUT } from "./openid-library.ts";
import { openIdSite } from "./openid-site.ts";
import { signInWith } from "./passport-oauth2.ts";

/** `openid-client`. */
export async function openidClientLogin(
  issuer: string,
  id: string,
  secret: string,
): Promise<OpenIdLibrary> {
  const config = await openid.discovery(new URL(issuer), id, secret, undefined, {
    execute: [openid.allowInsecureRequests],
  });
  let tokens: (openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers) | undefined;
  const identity = (): Identity => {
    const claims = tokens?.claims();
    return { subject: claims?.sub, name: claims?.["name"] as string | undefined };
  };
  return {
    async signIn(visit) {
      tokens = await signInWithOpenidClient(config, visit);
      const subject = identity().subject ?? "";
      const { name } = await openid.fetchUserInfo(config, tokens.access_token, subject);
      return { subject, name };
    },
    async refresh() {
      tokens = await openid.refreshTokenGrant(config, tokens?.refresh_token ?? "");
      return identity();
    },
    async signOutUrl() {
      return openid.buildEndSessionUrl(config, {
        post_logout_redirect_uri: SIGNED_OUT,
        id_token_hint: tokens?.id_token ?? "",
      });
    },
  };
}

/**
 * Signs a user in to a client of `openid-client`, which verifies the ID token.
 *
 * @param parameters of the authorization request, besides its own
 */
export async function signInWithOpenidClient(
  config: openid.Configuration,
  visit: Visit,
  parameters: Readonly<Record<string, string>> = {},
): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers> {
  const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
  const nonce = openid.randomNonce();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid profile",
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...parameters,
  });
  return openid.authorizationCodeGrant(config, await visit(url), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
}

/** `passport-openidconnect`, called as Passport calls a strategy. It has no PKCE. */
export function passportOpenidconnect(
  issuer: string,
  clientID: string,
  clientSecret: string,
): OpenIdLibrary {
  const strategy = new OpenIDConnectStrategy(
    {
      issuer,
      authorizationURL: `${issuer}/o/authorize/`,
      tokenURL: `${issuer}/o/token/`,
      userInfoURL: `${issuer}/o/userinfo/`,
      skipUserProfile: false,
      clientID,
      clientSecret,
      callbackURL: CALLBACK,
      scope: ["profile"],
      nonce: true,
    },
    (_, { id, displayName }, done) => done(null, { subject: id, name: displayName }),
  );
  return { signIn: signInWith<Identity>(strategy) };
}

/** `express-openid-connect` in an Express app that listens. */
export async function expressOpenidConnect(
  issuer: string,
  clientID: string,
  clientSecret: string,
  port: number,
): Promise<OpenIdLibrary & { stop(): void }> {
  const baseURL = `http://127.0.0.1:${port}`;
  const app = express();
  app.use(
    auth({
      issuerBaseURL: issuer,
      baseURL,
      clientID,
      clientSecret,
      secret: "a long secret of the Express app",
      authRequired: false,
      idpLogout: true,
      routes: { postLogoutRedirect: "/signed-out" },
      authorizationParams: {
        response_type: "code",
        response_mode: "query",
        scope: "openid profile",
      },
    }),
  );
  app.get("/user", (request, response) => {
    const { sub: subject, name } = request.oidc.user ?? {};
    response.json({ subject, name });
  });
  const server: Server = app.listen(port, "127.0.0.1");
  const paths = { signIn: "/login", user: "/user", signOut: "/logout" };
  return { ...openIdSite(baseURL, paths), stop: () => void server.close() };
}
