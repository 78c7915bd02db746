import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createJwksVerifier } from "../../src/resource-server/jwks-verifier.ts";
import {
  API,
  ISSUER,
  introspect,
  JWT_CLIENT,
  OTHER_API,
  registerCheckers,
  stubFetch,
  stubFetchFrom,
} from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { captureErrors } from "../support/faulty.ts";
import { readJws } from "../support/jws.ts";
import { type Algorithm, keyId, keySet, newKey, publicHalf } from "../support/keys.ts";
import { ask, granted, logIn } from "../support/requests.ts";
import { UNAVAILABLE } from "../support/responses.ts";
import { rotateUnderLoad, type Stage } from "../support/rotation.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";

const service = createService();
const ALGORITHMS: readonly Algorithm[] = ["ES256", "EdDSA", "RS256"];

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  const user = { username: "grace", password: "rear admiral", claims: { roles: ["admin"] } };
  await service.register({ users: [user] });
});
stopClock();
afterEach(() => {
  vi.unstubAllGlobals();
});
const logged = captureErrors();

async function publishedKeys({ fetch }: Service): Promise<JSONWebKeySet> {
  return (await fetch("/o/.well-known/jwks.json")).json();
}

/** As an API anywhere verifies (RFC 9068 §4), by jose alone. */
async function verify(token: string, from: Service = service) {
  return jwtVerify(token, createLocalJWKSet(await publishedKeys(from)), {
    typ: "at+jwt",
    issuer: ISSUER,
    audience: API,
    algorithms: [...ALGORITHMS],
    currentDate: new Date(),
  });
}

async function ownToken(fields: Record<string, string> = {}): Promise<string> {
  const all = { grant_type: "client_credentials", ...fields };
  return granted(await ask(service, all, JWT_CLIENT)).access_token;
}

describe("the token", () => {
  test.each(ALGORITHMS)("§2.1 is signed with a key of %s and says at+jwt", async (algorithm) => {
    const key = await newKey(algorithm);
    const signing = createService({ SIGNING_KEYS: keySet(key) });
    const { access_token } = await logIn(signing, {}, JWT_CLIENT);
    const { protectedHeader } = await verify(access_token, signing);
    expect(protectedHeader).toEqual({ alg: algorithm, typ: "at+jwt", kid: await keyId(key) });
  });

  test("§2.2 has exactly the claims that are required, and the scope", async () => {
    const { access_token, expires_in } = await logIn(service, { scope: "read" }, JWT_CLIENT);
    const { payload } = await verify(access_token);
    const iat = Math.floor(Date.now() / 1000);
    expect(payload).toEqual({
      iss: ISSUER,
      sub: expect.stringMatching(/^[\da-f-]{36}$/),
      sub_kind: "user",
      aud: API,
      client_id: "jwt",
      scope: "read",
      iat,
      exp: iat + expires_in,
      jti: expect.stringMatching(/^[\w-]{40,}$/),
    });
  });

  test("§2.2 has the client for its subject when no user is involved", async () => {
    const { payload } = await verify(await ownToken());
    expect(payload).toMatchObject({ sub: "jwt", sub_kind: "client", client_id: "jwt" });
  });

  test("§2.2 has the same sub for the same user each time, and another jti", async () => {
    const [one, other] = [
      await logIn(service, {}, JWT_CLIENT),
      await logIn(service, {}, JWT_CLIENT),
    ];
    const [{ payload: a }, { payload: b }] = [
      await verify(one.access_token),
      await verify(other.access_token),
    ];
    expect(a.sub).toBe(b.sub);
    expect(a.jti).not.toBe(b.jti);
  });

  test("§2.2 has a jti that is no token itself", async () => {
    const { jti } = readJws(await ownToken()).payload;
    for (const token of [String(jti), `tga_${jti}`, `tgr_${jti}`]) {
      expect(await introspect(service, token)).toMatchObject({ body: { active: false } });
    }
  });

  test("§2.1 is never unsigned: without a key there is none, and the client may try again", async () => {
    for (const SIGNING_KEYS of [undefined, ""]) {
      const keyless = createService({ SIGNING_KEYS });
      expect(await ask(keyless, LOGIN, JWT_CLIENT)).toEqual(UNAVAILABLE);
      expect(await ask(keyless, LOGIN)).toMatchObject({ status: 200 });
      expect(await publishedKeys(keyless)).toEqual({ keys: [] });
    }
    expect(logged).toHaveLength(2);
  });
});

describe("the verifier for APIs", () => {
  const verifier = () => createJwksVerifier({ issuer: ISSUER, audience: API });

  test("§4 takes a good token and says whose it is", async () => {
    stubFetchFrom(service);
    const { access_token } = await logIn(service, { scope: "read" }, JWT_CLIENT);
    const { payload } = await verify(access_token);
    expect(await verifier().verify(access_token, { scope: "read" })).toEqual({
      kind: "verified",
      token: {
        clientId: "jwt",
        subject: payload.sub,
        scope: ["read"],
        audience: API,
        claims: {},
        expiresAt: payload.exp,
      },
    });
  });

  test.each([
    ["another issuer's", { issuer: "https://other.example", audience: API }],
    ["another API's", { issuer: ISSUER, audience: OTHER_API }],
  ])("§4 rejects %s token", async (_, options) => {
    stubFetchFrom(service);
    const jwksUrl = `${ISSUER}/o/.well-known/jwks.json`;
    const strict = createJwksVerifier({ ...options, jwksUrl });
    expect(await strict.verify(await ownToken(), {})).toMatchObject({ kind: "invalid_token" });
  });

  test("§4 rejects a token from the second in which it expires", async () => {
    stubFetchFrom(service);
    vi.setSystemTime(Math.floor(Date.now() / 1000) * 1000);
    const token = await ownToken();
    passSeconds(3599);
    expect(await verifier().verify(token, {})).toMatchObject({ kind: "verified" });
    passSeconds(1);
    expect(await verifier().verify(token, {})).toMatchObject({ kind: "invalid_token" });
  });

  test("§4 finds the keys where the issuer's service publishes them, and keeps them", async () => {
    const asked = stubFetchFrom(service);
    const keeping = verifier();
    for (let time = 0; time < 3; time += 1) await keeping.verify(await ownToken(), {});
    expect(asked).toEqual([`${ISSUER}/o/.well-known/jwks.json`]);
  });

  test.each<[string, () => Promise<Response>]>([
    ["cannot be reached", () => Promise.reject(new TypeError("network down"))],
    ["answers 503", async () => new Response(null, { status: 503 })],
    ["answers with a page", async () => new Response("<html>")],
    ["answers with no keys", async () => Response.json({ error: "server_error" })],
    ["takes too long", () => Promise.reject(new DOMException("late", "TimeoutError"))],
  ])("§4 reports an unknown result when the service %s", async (_, answer) => {
    stubFetch(answer);
    expect(await verifier().verify(await ownToken(), {})).toMatchObject({ kind: "unavailable" });
  });
});

describe("the keys", () => {
  test("§4 are published without their private halves, under ids derived from them", async () => {
    const keys = await Promise.all(ALGORITHMS.map((algorithm) => newKey(algorithm)));
    const { keys: published } = await publishedKeys(
      createService({ SIGNING_KEYS: keySet(...keys) }),
    );
    const expected = keys.map(async (key, index) => ({
      ...publicHalf(key),
      kid: await keyId(key),
      alg: ALGORITHMS[index],
      use: "sig",
    }));
    expect(published).toEqual(await Promise.all(expected));
  });

  describe("that rotate", () => {
    const MINUTES_OF_A_TOKEN = 65;
    let [before, during, after, retired] = ["", "", "", ""];
    beforeEach(async () => {
      const [old, fresh] = [await newKey(), await newKey("EdDSA")];
      before = keySet(old);
      during = keySet(old, fresh);
      after = keySet(fresh, old);
      retired = keySet(fresh);
    });

    test("§4 are published before they sign, and retired after their last token", async () => {
      const tokenOf = async (SIGNING_KEYS: string) => {
        const isolate = createService({ SIGNING_KEYS });
        const { access_token } = await logIn(isolate, {}, JWT_CLIENT);
        return { isolate, access_token };
      };
      const [a, b, c, d] = [
        await tokenOf(before),
        await tokenOf(during),
        await tokenOf(after),
        await tokenOf(retired),
      ];
      await expect(verify(b.access_token, a.isolate)).resolves.toBeDefined();
      await expect(verify(c.access_token, b.isolate)).resolves.toBeDefined();
      await expect(verify(a.access_token, c.isolate)).resolves.toBeDefined();
      await expect(verify(a.access_token, d.isolate)).rejects.toThrow();
    });

    test("§4 rotate under load, across roll-outs, and no verification fails", async () => {
      const stages: Stage[] = [
        { settings: [before], minutes: 20 },
        { settings: [before, during], minutes: 5 },
        { settings: [during], minutes: 15 },
        { settings: [during, after], minutes: 5 },
        { settings: [after], minutes: MINUTES_OF_A_TOKEN },
        { settings: [after, retired], minutes: 5 },
        { settings: [retired], minutes: 20 },
      ];
      const { verified, failed, signedBy } = await rotateUnderLoad(stages);
      expect(failed).toBe(0);
      expect(verified).toBeGreaterThan(1000);
      expect(signedBy.size).toBe(2);
    }, 60_000);

    test.each([
      ["signs before it is published", () => [[before], [before, retired], [retired]]],
      ["is retired before its last token", () => [[before], [during], [after], [retired]]],
    ])("§4 rotate in this order, since verifications fail when a key %s", async (_, settings) => {
      const stages = settings().map((some) => ({ settings: some, minutes: 15 }));
      const { failed } = await rotateUnderLoad(stages);
      expect(failed).toBeGreaterThan(0);
    });
  });
});
