import { exportJWK, generateKeyPair } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AUTH_JS_CALLBACK, authJs } from "../support/libraries/auth-js.ts";
import { testCodeClient } from "../support/libraries/code-client.ts";
import {
  clientsFor,
  testIndependentClient,
  USER,
} from "../support/libraries/independent-client.ts";
import { discover, oauth4webapi, validateJwt } from "../support/libraries/oauth4webapi.ts";
import { openidClient } from "../support/libraries/openid-client.ts";
import { passportOauth2 } from "../support/libraries/passport-oauth2.ts";
import { AUDIENCE, OTHER_AUDIENCE } from "../support/resource-servers/example-api.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { newSigningKeys, tokenOf } from "../support/wire.ts";

/** Characters that HTTP Basic must contain form-encoded (RFC 6749 §2.3.1). */
const ID = "library: 100% & more";
const SECRET = "s:e+c r%e&t=?/é";

const keyPair = generateKeyPair("ES256", { extractable: true });
let service: RunningService;
const running = () => service;

beforeAll(async () => {
  const { publicKey } = await keyPair;
  const signing = {
    client_id: "signing",
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [await exportJWK(publicKey)] },
  };
  const anonymous = {
    client_id: "public",
    token_endpoint_auth_method: "none",
    grant_types: ["password", "refresh_token", "authorization_code"],
  };
  const api = {
    client_id: "jwt",
    client_secret: "secret",
    access_token_format: "jwt",
    audience: [AUDIENCE],
  };
  const unusual = { client_id: ID, client_secret: SECRET };
  const authJsApp = { ...unusual, client_id: "auth.js", redirect_uris: [AUTH_JS_CALLBACK] };
  const clients = [...clientsFor(unusual, signing, anonymous, authJsApp), api];
  service = await startRunningService(
    { clients, users: [USER] },
    { SIGNING_KEYS: await newSigningKeys("ES256") },
  );
});

afterAll(() => service?.stop());

/** A client's key, for the `PrivateKeyJwt` of each library. */
async function privateKey(): Promise<CryptoKey> {
  return (await keyPair).privateKey;
}

describe("oauth4webapi with client_secret_basic", () => {
  testIndependentClient(running, async (origin) => {
    return oauth4webapi(await discover(origin), ID, oauth.ClientSecretBasic(SECRET));
  });
});

describe("oauth4webapi with private_key_jwt", () => {
  testIndependentClient(running, async (origin) => {
    const authentication = oauth.PrivateKeyJwt(await privateKey());
    return oauth4webapi(await discover(origin), "signing", authentication);
  });
});

describe("oauth4webapi with none", () => {
  const makeClient = async (origin: string) => {
    return oauth4webapi(await discover(origin), "public", oauth.None());
  };
  testIndependentClient(running, makeClient, { isPublic: true });
});

test("oauth4webapi reads the challenges for a wrong secret", async () => {
  const server = await discover(service.origin);
  const wrong = oauth4webapi(server, ID, oauth.ClientSecretBasic("wrong"));
  const failure = await wrong.logIn(USER.username, USER.password).catch((error) => error);
  expect(failure).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  const { cause, status } = failure as oauth.WWWAuthenticateChallengeError;
  expect(status).toBe(401);
  expect(cause.map(({ scheme }) => scheme)).toEqual(["basic", "bearer"]);
});

describe("openid-client with client_secret_basic", () => {
  testIndependentClient(running, (origin) => {
    return openidClient(origin, ID, openid.ClientSecretBasic(SECRET));
  });
});

describe("openid-client with client_secret_post", () => {
  testIndependentClient(running, (origin) => {
    return openidClient(origin, ID, openid.ClientSecretPost(SECRET));
  });
});

describe("openid-client with private_key_jwt", () => {
  testIndependentClient(running, async (origin) => {
    return openidClient(origin, "signing", openid.PrivateKeyJwt(await privateKey()));
  });
});

describe("@auth/core", () => {
  const makeClient = (origin: string) => authJs(origin, "auth.js", SECRET);
  testCodeClient(running, makeClient, ["state", "iss", "error"]);
});

describe("passport-oauth2", () => {
  const makeClient = (origin: string) => passportOauth2(origin, ID, SECRET);
  testCodeClient(running, makeClient, ["state", "error"]);
});

describe("a JWT access token", () => {
  async function logIn(): Promise<string> {
    const fields = { grant_type: "password", ...USER };
    return (await tokenOf(service.origin, "jwt:secret", fields)).access_token;
  }

  test("passes oauth4webapi's validation of RFC 9068", async () => {
    const claims = await validateJwt(await discover(service.origin), await logIn(), AUDIENCE);
    expect(claims).toMatchObject({ iss: service.origin, client_id: "jwt", aud: AUDIENCE });
  });

  test("fails that validation for another API", async () => {
    const server = await discover(service.origin);
    await expect(validateJwt(server, await logIn(), OTHER_AUDIENCE)).rejects.toThrow();
  });
});
