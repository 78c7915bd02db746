import { beforeAll, describe, expect, test } from "vitest";
import {
  API,
  ISSUER,
  introspect,
  JWT_CLIENT,
  RESOURCE_SERVER,
  registerCheckers,
} from "../support/checks.ts";
import { stopClock } from "../support/clock.ts";
import { readJws } from "../support/jws.ts";
import { ask, basic, granted, logIn, post } from "../support/requests.ts";
import { INACTIVE, invalidRequest, JSON_HEADERS } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";
import { otherSpellings } from "../support/tampering.ts";

const service = createService();
const PATH = "/o/introspect/";

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});
stopClock();

const now = () => Math.floor(Date.now() / 1000);

function active(body: object) {
  return { status: 200, headers: JSON_HEADERS, body: { active: true, ...body } };
}

describe("a request", () => {
  test.each(["access_token", "refresh_token", "no such type"])(
    "§2.1 with the hint %j is answered as without",
    async (hint) => {
      const { access_token: token } = await logIn(service);
      const body = new URLSearchParams({ token, token_type_hint: hint });
      const answer = await post(service, body, basic(RESOURCE_SERVER), PATH);
      expect(answer).toMatchObject({ body: { active: true } });
    },
  );

  test("§2.1 without a token is rejected", async () => {
    const missing = invalidRequest(400, "Missing token parameter.");
    expect(await introspect(service, "")).toEqual(missing);
    expect(await post(service, new URLSearchParams(), {}, PATH)).toEqual(missing);
  });
});

describe("a response", () => {
  test("§2.2 says everything of a user's token", async () => {
    const { access_token } = await logIn(service, { scope: "read write" });
    expect(await introspect(service, access_token)).toEqual(
      active({
        scope: "read write",
        client_id: "client",
        username: "ada",
        token_type: "Bearer",
        exp: now() + 3600,
        iat: now(),
        sub: expect.stringMatching(/^[\da-f-]{36}$/),
        iss: ISSUER,
      }),
    );
  });

  test("§2.2 says the same of a JWT as the JWT itself, and its audience", async () => {
    const { access_token } = await logIn(service, { scope: "read" }, JWT_CLIENT);
    const { jti: _, sub_kind, ...claims } = readJws(access_token).payload;
    expect({ ...claims, sub_kind }).toMatchObject({ aud: API, sub_kind: "user" });
    expect(await introspect(service, access_token)).toEqual(
      active({ ...claims, username: "ada", token_type: "Bearer" }),
    );
  });

  test("§2.2 names the client as the subject of its own token, and no user", async () => {
    const own = await ask(service, { grant_type: "client_credentials", scope: "read" });
    expect(await introspect(service, granted(own).access_token)).toEqual(
      active({
        scope: "read",
        client_id: "client",
        token_type: "Bearer",
        exp: now() + 3600,
        iat: now(),
        sub: "client",
        iss: ISSUER,
      }),
    );
  });
});

describe("for safety", () => {
  test("§4 a token is active in its own spelling alone", async () => {
    const { access_token } = await logIn(service);
    for (const spelling of otherSpellings(access_token)) {
      expect(await introspect(service, spelling)).toEqual(INACTIVE);
    }
  });
});
