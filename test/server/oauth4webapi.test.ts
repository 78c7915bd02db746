import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { applyEntries } from "../support/registry-files.ts";
import { DEMO_LOGIN } from "../support/server.ts";

const { url, stateDir } = inject("server");

/** The server as the library knows it; what it may assume is what the RFCs say. */
const SERVER: oauth.AuthorizationServer = { issuer: url, token_endpoint: `${url}/o/token/` };

const OPTIONS = { [oauth.allowInsecureRequests]: true } as const;

/** Characters that HTTP Basic must carry form-encoded (RFC 6749 §2.3.1). */
const ODD_ID = "library: 100% & more";
const ODD_SECRET = "s:e+c r%e&t=?/é";

beforeAll(async () => {
  await applyEntries(stateDir, {
    clients: [
      {
        client_id: ODD_ID,
        client_secret: ODD_SECRET,
        grant_types: ["password", "refresh_token", "client_credentials"],
      },
      { client_id: "library-public", token_endpoint_auth_method: "none" },
    ],
  });
});

async function logIn(client: oauth.Client, authentication: oauth.ClientAuth) {
  const { grant_type, ...fields } = { ...DEMO_LOGIN, scope: "read write" };
  const response = await oauth.genericTokenEndpointRequest(
    SERVER,
    client,
    authentication,
    grant_type,
    fields,
    OPTIONS,
  );
  return oauth.processGenericTokenEndpointResponse(SERVER, client, response);
}

async function refresh(client: oauth.Client, authentication: oauth.ClientAuth, token = "") {
  const response = await oauth.refreshTokenGrantRequest(
    SERVER,
    client,
    authentication,
    token,
    OPTIONS,
  );
  return oauth.processRefreshTokenResponse(SERVER, client, response);
}

const METHODS: [name: string, clientId: string, authentication: oauth.ClientAuth][] = [
  ["client_secret_basic", ODD_ID, oauth.ClientSecretBasic(ODD_SECRET)],
  ["client_secret_post", ODD_ID, oauth.ClientSecretPost(ODD_SECRET)],
  ["none", "library-public", oauth.None()],
];

describe.each(METHODS)("oauth4webapi with %s", (_, client_id, authentication) => {
  const client: oauth.Client = { client_id };

  test("accepts the answers to a password grant and a refresh", async () => {
    const login = await logIn(client, authentication);
    expect(login).toMatchObject({ token_type: "bearer", expires_in: 3600, scope: "read write" });
    const refreshed = await refresh(client, authentication, login.refresh_token);
    expect(refreshed).toMatchObject({ token_type: "bearer", scope: "read write" });
    expect(refreshed.access_token).not.toBe(login.access_token);
    expect(refreshed.refresh_token).not.toBe(login.refresh_token);
  });

  test("reads the refusal of a used refresh token", async () => {
    const { refresh_token } = await logIn(client, authentication);
    await refresh(client, authentication, refresh_token);
    await expect(refresh(client, authentication, refresh_token)).rejects.toMatchObject({
      name: "ResponseBodyError",
      status: 400,
      error: "invalid_grant",
    });
  });
});

const CONFIDENTIAL = METHODS.filter(([name]) => name !== "none");

test.each(CONFIDENTIAL)(
  "oauth4webapi accepts the answer to client_credentials with %s",
  async (_, client_id, authentication) => {
    const client: oauth.Client = { client_id };
    const response = await oauth.clientCredentialsGrantRequest(
      SERVER,
      client,
      authentication,
      { scope: "read" },
      OPTIONS,
    );
    const answer = await oauth.processClientCredentialsResponse(SERVER, client, response);
    expect(answer).toMatchObject({ token_type: "bearer", expires_in: 3600, scope: "read" });
    expect(answer).not.toHaveProperty("refresh_token");
  },
);

test("oauth4webapi reads the challenges of an unknown client", async () => {
  const wrong = oauth.ClientSecretBasic("wrong");
  const failure = await logIn({ client_id: ODD_ID }, wrong).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  const { cause, status } = failure as oauth.WWWAuthenticateChallengeError;
  expect(status).toBe(401);
  expect(cause.map(({ scheme }) => scheme)).toEqual(["basic", "bearer"]);
});
