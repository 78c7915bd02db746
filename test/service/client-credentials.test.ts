import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, granted, refresh } from "../support/requests.ts";
import {
  INVALID_GRANT,
  INVALID_SCOPE,
  JSON_HEADERS,
  UNAUTHORIZED_CLIENT,
  type WholeAnswer,
} from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
const GRANT = { grant_type: "client_credentials" };

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "person", client_secret: "secret" },
      {
        client_id: "reader",
        client_secret: "secret",
        grant_types: ["client_credentials"],
        scope: "read groups",
        default_scope: "read",
        access_token_ttl_seconds: 300,
      },
    ],
  });
});

/** A success has no refresh token (RFC 6749 §4.4.3). */
function single(scope: string, expiresInSeconds = 3600): WholeAnswer {
  const body = {
    access_token: expect.stringMatching(/^tga_[\w-]+$/),
    expires_in: expiresInSeconds,
    token_type: "Bearer",
    scope,
  };
  return { status: 200, headers: { ...JSON_HEADERS }, body };
}

describe("client credentials", () => {
  test("give an access token alone", async () => {
    expect(await ask(service, GRANT)).toEqual(single("read write groups"));
  });

  test("are taken from the body too", async () => {
    const fields = { ...GRANT, client_id: "client", client_secret: "secret", scope: "read" };
    expect(await ask(service, fields, null)).toEqual(single("read"));
  });

  test("give another token each time", async () => {
    const answers = [await ask(service, GRANT), await ask(service, GRANT)];
    expect(new Set(answers.map((answer) => granted(answer).access_token)).size).toBe(2);
  });

  test("follow the client's own scopes and lifetime", async () => {
    expect(await ask(service, GRANT, "reader:secret")).toEqual(single("read", 300));
    const both = { ...GRANT, scope: "groups read" };
    expect(await ask(service, both, "reader:secret")).toEqual(single("groups read", 300));
  });

  test("need no user name, and ignore one", async () => {
    const fields = { ...GRANT, username: "nobody", password: "wrong" };
    expect(await ask(service, fields)).toEqual(single("read write groups"));
  });

  test.each(["fly", "Read", "read,write", "write"])(
    "are rejected with the scope %s, which the client does not have",
    async (scope) => {
      expect(await ask(service, { ...GRANT, scope }, "reader:secret")).toEqual(INVALID_SCOPE);
    },
  );

  test("are rejected to a client that is not registered for them", async () => {
    expect(await ask(service, GRANT, "person:secret")).toEqual(UNAUTHORIZED_CLIENT);
  });

  test("are rejected to a public client, even one that is registered for them", async () => {
    const fields = { ...GRANT, client_id: "public" };
    expect(await ask(service, fields, null)).toEqual(UNAUTHORIZED_CLIENT);
    const query = "UPDATE clients SET grant_types = ? WHERE client_id = 'public'";
    await env.DB.prepare(query).bind("password client_credentials").run();
    expect(await ask(service, fields, null)).toEqual(UNAUTHORIZED_CLIENT);
  });

  test("give a token that is no refresh token", async () => {
    const { access_token } = granted(await ask(service, GRANT));
    expect(await refresh(service, access_token)).toEqual(INVALID_GRANT);
  });
});
