import { beforeAll, describe, expect, test } from "vitest";
import {
  API,
  ISSUER,
  introspect,
  JWT_CLIENT,
  OTHER_CLIENT,
  RESOURCE_SERVER,
  registerCheckers,
  revoke,
} from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { readJws } from "../support/jws.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import {
  INACTIVE,
  INSUFFICIENT_SCOPE,
  INVALID_CLIENT,
  INVALID_TOKEN,
  invalidRequest,
  JSON_HEADERS,
} from "../support/responses.ts";
import { CLIENT, createService, registerDefaults } from "../support/service.ts";
import { otherSpellings } from "../support/tampering.ts";

const service = createService();
const PATH = "/o/introspect/";

/** §2.2: an inactive token has no other member. */

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});
stopClock();

const now = () => Math.floor(Date.now() / 1000);

function active(body: object) {
  return { status: 200, headers: JSON_HEADERS, body: { active: true, ...body } };
}

async function bearer(scope: string): Promise<{ Authorization: string }> {
  const own = await ask(service, { grant_type: "client_credentials", scope }, RESOURCE_SERVER);
  return { Authorization: `Bearer ${granted(own).access_token}` };
}

describe("a request", () => {
  test("§2.1 is a POST of a form with the token", async () => {
    const { access_token } = await logIn(service);
    expect(await introspect(service, access_token)).toMatchObject({ body: { active: true } });
  });

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

  test("§2.1 is authorized by client credentials or by a token of its own", async () => {
    const { access_token: token } = await logIn(service);
    const body = new URLSearchParams({ token });
    for (const headers of [basic(RESOURCE_SERVER), await bearer("introspection")]) {
      const answer = await post(service, body, headers, PATH);
      expect(answer).toMatchObject({ body: { active: true } });
    }
    expect(await post(service, body, {}, PATH)).toEqual(INVALID_CLIENT);
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

  test.each<[string, () => Promise<string>]>([
    ["unknown", async () => "unknown"],
    ["a refresh token", async () => (await logIn(service)).refresh_token],
    ["cut short", async () => (await logIn(service)).access_token.slice(0, -1)],
    [
      "expired",
      async () => {
        const { access_token } = await logIn(service);
        passSeconds(3600);
        return access_token;
      },
    ],
    [
      "revoked",
      async () => {
        const { access_token } = await logIn(service);
        await revoke(service, access_token, CLIENT);
        return access_token;
      },
    ],
    [
      "rotated away",
      async () => {
        const { access_token, refresh_token } = await logIn(service);
        granted(await refresh(service, refresh_token));
        return access_token;
      },
    ],
  ])("§2.2 says only that a token is not active when it is %s", async (_, make) => {
    expect(await introspect(service, await make())).toEqual(INACTIVE);
  });

  test("§2.2 tells a caller that may not know a token only that it is not active", async () => {
    const { access_token } = await logIn(service);
    expect(await introspect(service, access_token, OTHER_CLIENT)).toEqual(INACTIVE);
  });

  test("§2.3 is 401 to a caller that is not authenticated", async () => {
    const { access_token: token } = await logIn(service);
    const body = new URLSearchParams({ token });
    expect(await post(service, body, basic("api:wrong"), PATH)).toEqual(INVALID_CLIENT);
    const forged = { Authorization: "Bearer forged" };
    expect(await post(service, body, forged, PATH)).toEqual(INVALID_TOKEN);
  });

  test("§2.3 is 403 to a token without the scope for it", async () => {
    const { access_token: token } = await logIn(service);
    const headers = await bearer("read write groups");
    const body = new URLSearchParams({ token });
    expect(await post(service, body, headers, PATH)).toEqual(INSUFFICIENT_SCOPE);
  });
});

describe("for safety", () => {
  test("§4 a public client may not scan for tokens", async () => {
    const { access_token: token } = await logIn(service, { client_id: "public" }, null);
    const body = new URLSearchParams({ token, client_id: "public" });
    expect(await post(service, body, {}, PATH)).toEqual(INVALID_CLIENT);
  });

  test("§4 a token is active in its own spelling alone", async () => {
    const { access_token } = await logIn(service);
    for (const spelling of otherSpellings(access_token)) {
      expect(await introspect(service, spelling)).toEqual(INACTIVE);
    }
  });

  test("§4 a response is kept by no cache", async () => {
    const { access_token } = await logIn(service);
    const { headers } = await introspect(service, access_token);
    expect(headers).toEqual(JSON_HEADERS);
  });
});
