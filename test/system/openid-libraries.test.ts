import { afterAll, beforeAll, describe } from "vitest";
import { AUTH_JS_CALLBACK, authJsOpenId } from "../support/auth-js.ts";
import { CALLBACK } from "../support/code-client.ts";
import { USER } from "../support/independent-client.ts";
import {
  expressOpenidConnect,
  openidClientLogin,
  passportOpenidconnect,
} from "../support/openid-libraries.ts";
import { PROFILE, SIGNED_OUT, testOpenIdLibrary } from "../support/openid-library.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { freePort } from "../support/server.ts";
import { newSigningKeys } from "../support/wire.ts";

const SECRET = "secret";
let service: RunningService;
let expressPort: number;
const running = () => service;
const endings: (() => void)[] = [];

beforeAll(async () => {
  expressPort = await freePort();
  const grant_types = ["authorization_code", "refresh_token"];
  const own = { client_secret: SECRET, grant_types };
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
          post_logout_redirect_uris: [`http://127.0.0.1:${expressPort}/signed-out`],
        },
      ],
      users: [{ ...USER, profile: PROFILE }],
    },
    { SIGNING_KEYS: await newSigningKeys("RS256") },
  );
});
afterAll(async () => {
  for (const end of endings) end();
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
    const library = await expressOpenidConnect(issuer, "express", SECRET, expressPort);
    endings.push(library.stop);
    return library;
  });
});
