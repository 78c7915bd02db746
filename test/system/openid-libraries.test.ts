import { afterAll, beforeAll, describe } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import { startDjangoApp } from "../support/django/django-site.ts";
import { APACHE_CALLBACK, startApache } from "../support/libraries/apache.ts";
import { AUTH_JS_CALLBACK, authJsOpenId } from "../support/libraries/auth-js.ts";
import { CALLBACK } from "../support/libraries/code-client.ts";
import { USER } from "../support/libraries/independent-client.ts";
import {
  expressOpenidConnect,
  openidClientLogin,
  passportOpenidconnect,
} from "../support/libraries/openid-libraries.ts";
import { PROFILE, SIGNED_OUT, testOpenIdLibrary } from "../support/libraries/openid-library.ts";
import { openIdSite } from "../support/libraries/openid-site.ts";
import { ownDir } from "../support/own-state.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { freePort } from "../support/server.ts";
import { newSigningKeys } from "../support/wire.ts";

const SECRET = "secret";
const folder = ownDir();
let service: RunningService;
let ports: { express: number; apache: number; django: number };
const running = () => service;
const endings: (() => unknown)[] = [];

beforeAll(async () => {
  ports = { express: await freePort(), apache: await freePort(), django: await freePort() };
  const at = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;
  const own = { client_secret: SECRET, grant_types: ["authorization_code", "refresh_token"] };
  service = await startRunningService(
    {
      clients: [
        {
          ...own,
          client_id: "openid-client",
          redirect_uris: [CALLBACK],
          post_logout_redirect_uris: [SIGNED_OUT],
        },
        { ...own, client_id: "auth.js", redirect_uris: [AUTH_JS_CALLBACK] },
        { ...own, client_id: "passport", redirect_uris: [CALLBACK], require_pkce: false },
        {
          ...own,
          client_id: "express",
          redirect_uris: ["http://127.0.0.1/callback"],
          post_logout_redirect_uris: [at(ports.express, "/signed-out")],
        },
        {
          ...own,
          client_id: "apache",
          redirect_uris: [at(ports.apache, APACHE_CALLBACK)],
          post_logout_redirect_uris: [at(ports.apache, "/signed-out")],
        },
        {
          ...own,
          client_id: "authlib",
          redirect_uris: [at(ports.django, "/authlib/callback/")],
          post_logout_redirect_uris: [at(ports.django, "/signed-out")],
        },
        {
          ...own,
          client_id: "social-auth",
          redirect_uris: [at(ports.django, "/social/complete/oidc/")],
          require_pkce: false,
        },
      ],
      users: [{ ...USER, profile: PROFILE }],
    },
    // As `npm start` makes them.
    { SIGNING_KEYS: await newSigningKeys("ES256", "RS256") },
  );
});
afterAll(async () => {
  await Promise.all(endings.map((end) => end()));
  await service?.stop();
});

describe("openid-client", () => {
  testOpenIdLibrary(running, (issuer) => openidClientLogin(issuer, "openid-client", SECRET));
});

describe("@auth/core", () => {
  testOpenIdLibrary(running, (issuer) => authJsOpenId(issuer, "auth.js", SECRET));
});

describe("passport-openidconnect", () => {
  testOpenIdLibrary(running, (issuer) => passportOpenidconnect(issuer, "passport", SECRET));
});

describe("express-openid-connect", () => {
  testOpenIdLibrary(running, async (issuer) => {
    const library = await expressOpenidConnect(issuer, "express", SECRET, ports.express);
    endings.push(library.stop);
    return library;
  });
});

describeWithDebian(["libapache2-mod-auth-openidc"], "mod_auth_openidc", () => {
  testOpenIdLibrary(running, async (issuer) => {
    const apache = await startApache(ports.apache, issuer, "apache", SECRET);
    endings.push(apache.stop);
    return apache;
  });
});

const DJANGO = [
  ...["python3-django", "gunicorn", "python3-authlib"],
  ...["python3-social-django", "python3-jose"],
] as const;

describeWithDebian(DJANGO, "a Django site", () => {
  let origin: string;

  beforeAll(async () => {
    const settings = { ISSUER: service.origin, CLIENT_SECRET: SECRET };
    const source = "django-relying-party";
    const site = await startDjangoApp(folder, source, settings, ports.django);
    endings.push(site.stop);
    origin = site.origin;
  });

  describe("with social-auth", () => {
    testOpenIdLibrary(running, () => {
      return openIdSite(origin, {
        signIn: "/social/login/oidc/",
        user: "/social/user/",
        refresh: "/social/refresh/",
      });
    });
  });

  describe("with Authlib", () => {
    testOpenIdLibrary(running, () => {
      return openIdSite(origin, {
        signIn: "/authlib/login/",
        user: "/authlib/user/",
        refresh: "/authlib/refresh/",
        signOut: "/authlib/logout/",
      });
    });
  });
});
