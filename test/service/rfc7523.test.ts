import { listDurableObjectIds, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ASSERTION_TYPE,
  askByAssertion,
  newAssertion,
  registerKeyClient,
  registerUnnamedKeys,
} from "../support/assertions.ts";
import { ISSUER } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { captureErrors } from "../support/faulty.ts";
import { failingBindings } from "../support/interception.ts";
import type { Claims } from "../support/jws.ts";
import { type Algorithm, newKey, publicHalf } from "../support/keys.ts";
import { ask, basic, post } from "../support/requests.ts";
import { INVALID_CLIENT, invalidRequest, UNAVAILABLE } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const key = newKey();
const SUCCESS = { status: 200 };
const TWO_METHODS = invalidRequest(400, "The request has two different client credentials.");
const PATHS = ["/o/token/", "/o/revoke_token/", "/o/introspect/"];

beforeAll(async () => {
  await registerDefaults(service);
  await registerKeyClient(service, "signer", await key);
  await registerKeyClient(service, "another", await newKey());
  await registerKeyClient(service, "off", await key);
  await service.env.DB.exec("UPDATE clients SET disabled = 1 WHERE client_id = 'off'");
});
stopClock();
const logged = captureErrors();

async function assertion(claims: Claims = {}): Promise<string> {
  return newAssertion("signer", await key, claims);
}

const now = () => Math.floor(Date.now() / 1000);

/** Lets every object that remembers assertions remove what has expired. */
async function sweep(): Promise<void> {
  const { USED_ASSERTIONS } = env;
  for (const id of await listDurableObjectIds(USED_ASSERTIONS)) {
    await runDurableObjectAlarm(USED_ASSERTIONS.get(id));
  }
}

describe("an assertion", () => {
  test.each<Algorithm>(["ES256", "EdDSA", "RS256"])(
    "§2.2 signed with %s authenticates the client",
    async (algorithm) => {
      const own = await newKey(algorithm);
      await registerKeyClient(service, `by ${algorithm}`, own);
      const token = await newAssertion(`by ${algorithm}`, own);
      expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    },
  );

  test("§2.2 authenticates at every endpoint, and for every grant", async () => {
    for (const path of PATHS) {
      const fields = path === "/o/token/" ? OWN : { token: "unknown" };
      const answer = await askByAssertion(service, await assertion(), fields, path);
      expect(answer).toMatchObject(SUCCESS);
    }
    expect(await askByAssertion(service, await assertion(), { ...LOGIN })).toMatchObject(SUCCESS);
  });

  test("§2.2 may come with the client_id of its client, and of no other", async () => {
    const named = { ...OWN, client_id: "signer" };
    expect(await askByAssertion(service, await assertion(), named)).toMatchObject(SUCCESS);
    const other = { ...OWN, client_id: "another" };
    expect(await askByAssertion(service, await assertion(), other)).toEqual(TWO_METHODS);
  });

  test.each([
    ["no type", undefined],
    ["the type of SAML", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"],
    ["a type in another case", ASSERTION_TYPE.toUpperCase()],
  ])("§2.2 with %s is rejected", async (_, type) => {
    const body = new URLSearchParams({ ...OWN, client_assertion: await assertion() });
    if (type !== undefined) body.set("client_assertion_type", type);
    expect(await post(service, body)).toEqual(INVALID_CLIENT);
  });

  test("§2.2 left out, with its type alone, is rejected and slides to no other method", async () => {
    const fields = { ...OWN, client_assertion_type: ASSERTION_TYPE };
    expect(await ask(service, fields, CLIENT)).toEqual(INVALID_CLIENT);
    const inBody = { ...fields, client_id: "client", client_secret: "secret" };
    expect(await ask(service, inBody, null)).toEqual(INVALID_CLIENT);
  });

  test.each<[string, Claims]>([
    ["an endpoint where no client authenticates", { aud: `${ISSUER}/o/.well-known/jwks.json` }],
    ["a prefix that is not set", { aud: `${ISSUER}/oauth2/token/` }],
    ["the issuer with a slash", { aud: `${ISSUER}/` }],
    ["the issuer by http", { aud: ISSUER.replace("https", "http") }],
    ["another issuer", { aud: "https://other.example" }],
    ["the issuer and another", { aud: [ISSUER, "https://other.example"] }],
    ["nobody", { aud: [] }],
    ["a number", { aud: 1 }],
    ["no audience", { aud: undefined }],
  ])("§3 item 3, for %s, is rejected", async (_, claims) => {
    expect(await askByAssertion(service, await assertion(claims))).toEqual(INVALID_CLIENT);
  });

  test.each<[string, unknown]>([
    ["the token endpoint", `${ISSUER}/o/token/`],
    ["the token endpoint without its slash", `${ISSUER}/o/token`],
    ["the revocation endpoint", `${ISSUER}/o/revoke_token/`],
    ["the introspection endpoint", `${ISSUER}/o/introspect/`],
    ["the issuer in a list of one", [ISSUER]],
    ["the issuer and its token endpoint", [ISSUER, `${ISSUER}/o/token/`]],
  ])("§3 item 3, for %s, is accepted", async (_, aud) => {
    expect(await askByAssertion(service, await assertion({ aud }))).toMatchObject(SUCCESS);
  });

  test("§3 item 3, the issuer is the setting where there is one", async () => {
    const named = createService({ ISSUER: "https://id.example.com" });
    expect(await askByAssertion(named, await assertion())).toEqual(INVALID_CLIENT);
    const token = await assertion({ aud: "https://id.example.com" });
    expect(await askByAssertion(named, token)).toMatchObject(SUCCESS);
  });

  test.each<[string, () => Claims, object]>([
    ["that expires in a second", () => ({ exp: now() + 1 }), SUCCESS],
    ["that expires within a second", () => ({ exp: now() + 0.5 }), SUCCESS],
    ["that expired within the leeway", () => ({ exp: now() - 29 }), SUCCESS],
    ["that expired", () => ({ exp: now() - 30 }), INVALID_CLIENT],
    ["that expires in a fraction of a second", () => ({ exp: Date.now() / 1000 + 60.5 }), SUCCESS],
    ["without an end", () => ({ exp: undefined }), INVALID_CLIENT],
    ["that lives an hour", () => ({ exp: now() + 3600 }), SUCCESS],
    ["that lives an hour by a clock ahead", () => ({ exp: now() + 3629 }), SUCCESS],
    ["that lives longer than an hour", () => ({ exp: now() + 3632 }), INVALID_CLIENT],
    ["that never ends", () => ({ exp: 1e21 }), INVALID_CLIENT],
  ])("§3 item 4, %s", async (_, claims, expected) => {
    expect(await askByAssertion(service, await assertion(claims()))).toMatchObject(expected);
  });

  test.each<[string, () => Claims, object]>([
    ["item 5, good from now on", () => ({ nbf: now() }), SUCCESS],
    ["item 5, by a clock that is ahead a little", () => ({ nbf: now() + 29.5 }), SUCCESS],
    ["item 5, not good yet", () => ({ nbf: now() + 60 }), INVALID_CLIENT],
    ["item 6, with a fraction", () => ({ iat: Date.now() / 1000 - 0.25 }), SUCCESS],
    ["item 6, without a time of issue", () => ({ iat: undefined }), SUCCESS],
    ["item 6, by a clock that is ahead a little", () => ({ iat: now() + 29 }), SUCCESS],
    ["item 6, issued in the future", () => ({ iat: now() + 60 }), INVALID_CLIENT],
  ])("§3 %s", async (_, claims, expected) => {
    expect(await askByAssertion(service, await assertion(claims()))).toMatchObject(expected);
  });
});

describe("an assertion's jti", () => {
  test("§3 item 7 is valid once, at any endpoint", async () => {
    const token = await assertion();
    expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    for (const path of PATHS) {
      const fields = path === "/o/token/" ? OWN : { token: "unknown" };
      expect(await askByAssertion(service, token, fields, path)).toEqual(INVALID_CLIENT);
    }
    expect(await askByAssertion(createService(), token)).toEqual(INVALID_CLIENT);
  });

  test("§3 item 7 is valid for one of many simultaneous requests", async () => {
    const token = await assertion();
    const all = Array.from({ length: 8 }, () => askByAssertion(service, token));
    const successes = (await Promise.all(all)).filter(({ status }) => status === 200);
    expect(successes).toHaveLength(1);
  });

  test("§3 item 7 is not good again under other claims", async () => {
    const jti = crypto.randomUUID();
    expect(await askByAssertion(service, await assertion({ jti }))).toMatchObject(SUCCESS);
    const later = await assertion({ jti, exp: now() + 600 });
    expect(await askByAssertion(service, later)).toEqual(INVALID_CLIENT);
  });

  test("§3 item 7 is each client's own", async () => {
    const own = await newKey();
    await registerKeyClient(service, "namesake", own);
    const jti = crypto.randomUUID();
    expect(await askByAssertion(service, await assertion({ jti }))).toMatchObject(SUCCESS);
    const other = await newAssertion("namesake", own, { jti });
    expect(await askByAssertion(service, other)).toMatchObject(SUCCESS);
  });

  test("§3 item 7 is remembered as long as the assertion could be used", async () => {
    const token = await assertion({ exp: now() + 3600 });
    expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    for (const seconds of [60, 1800, 1739, 29]) {
      passSeconds(seconds);
      await sweep();
      expect(await askByAssertion(service, token)).toEqual(INVALID_CLIENT);
    }
  });

  test("§3 item 7 is 503 while storage fails, and logged", async () => {
    const failing = createService(failingBindings("assertion.consume"));
    expect(await askByAssertion(failing, await assertion())).toEqual(UNAVAILABLE);
    expect(logged).toHaveLength(1);
  });

  test("§3 item 7 costs one call to one object, besides the lookup", async () => {
    const { service: counted, costOf } = createCountedService();
    const token = await assertion();
    const { answer, cost } = await costOf(() => askByAssertion(counted, token));
    expect(answer).toMatchObject(SUCCESS);
    expect(cost).toEqual({ "d1.batch": 1, "assertion.consume": 1, "kv.put": 1 });
  });
});

describe("a client", () => {
  test("§3 item 9 is not authenticated by another client's key", async () => {
    const token = await newAssertion("another", await key);
    expect(await askByAssertion(service, token)).toEqual(INVALID_CLIENT);
  });

  test("§3.2 that is unknown, disabled or has a secret is rejected in the same words", async () => {
    for (const clientId of ["nobody", "off", "client", "public"]) {
      const token = await newAssertion(clientId, await key);
      expect(await askByAssertion(service, token)).toEqual(INVALID_CLIENT);
    }
  });

  test("§2.2 registered for assertions cannot use a secret, nor do without proof", async () => {
    const assertions = { ...OWN, client_id: "signer" };
    expect(await ask(service, OWN, "signer:secret")).toEqual(INVALID_CLIENT);
    expect(await ask(service, OWN, "signer:")).toEqual(INVALID_CLIENT);
    expect(await ask(service, { ...assertions, client_secret: "s" }, null)).toEqual(INVALID_CLIENT);
    expect(await ask(service, assertions, null)).toEqual(INVALID_CLIENT);
  });

  test("§2.2 cannot use an assertion and a secret at once", async () => {
    const fields = { client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion() };
    const secret = { ...OWN, ...fields, client_secret: "secret" };
    expect(await ask(service, secret, null)).toEqual(TWO_METHODS);
    const body = new URLSearchParams({ ...OWN, ...fields });
    expect(await post(service, body, basic(CLIENT))).toEqual(TWO_METHODS);
    expect(await post(service, body)).toMatchObject(SUCCESS);
  });

  test("§3 item 9 may have several keys, and changes them without a gap", async () => {
    const [old, fresh] = [await newKey(), await newKey("EdDSA")];
    await registerKeyClient(service, "rotating", old, fresh);
    for (const signing of [old, fresh]) {
      const token = await newAssertion("rotating", signing);
      expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    }
    await registerKeyClient(service, "rotating", fresh);
    const token = await newAssertion("rotating", old);
    expect(await askByAssertion(service, token)).toEqual(INVALID_CLIENT);
  });

  test.each(["kid missing", "kid unknown"])(
    "§3 item 9 is known by any of its keys, %s",
    async (how) => {
      const keys = [await newKey(), await newKey("EdDSA"), await newKey(), await newKey("RS256")];
      const clientId = `several, ${how}`;
      await registerUnnamedKeys(service, clientId, ...keys);
      const kid = how === "kid missing" ? undefined : "unknown";
      for (const one of keys) {
        const token = await newAssertion(clientId, one, {}, { kid });
        expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
      }
      const foreign = await newAssertion(clientId, await newKey(), {}, { kid });
      expect(await askByAssertion(service, foreign)).toEqual(INVALID_CLIENT);
    },
  );

  test("§3 item 9 with a key that was registered unusable is known by its others", async () => {
    const [good, encrypting] = [await newKey(), await newKey()];
    await registerUnnamedKeys(service, "mixed", good);
    const bad = { kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA" };
    const unfit = [bad, { ...bad, crv: "P-384" }, { ...publicHalf(encrypting), use: "enc" }];
    const jwks = JSON.stringify({ keys: [...unfit, publicHalf(good)] });
    await service.env.DB.prepare("UPDATE clients SET jwks = ? WHERE client_id = 'mixed'")
      .bind(jwks)
      .run();
    const token = await newAssertion("mixed", good, {}, { kid: undefined });
    expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    const misused = await newAssertion("mixed", encrypting, {}, { kid: undefined });
    expect(await askByAssertion(service, misused)).toEqual(INVALID_CLIENT);
  });

  test("RFC 9864 may say Ed25519 for EdDSA", async () => {
    const own = await newKey("EdDSA");
    await registerKeyClient(service, "fully specified", own);
    for (const alg of ["Ed25519", "EdDSA"]) {
      const token = await newAssertion("fully specified", own, {}, { alg });
      expect(await askByAssertion(service, token)).toMatchObject(SUCCESS);
    }
    const wrong = await newAssertion("fully specified", own, {}, { alg: "Ed448" });
    expect(await askByAssertion(service, wrong)).toEqual(INVALID_CLIENT);
  });

  test.each<[string, object]>([
    ["a shared secret for a key", { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } }],
    ["a private key", { jwks: { keys: [{ kty: "EC", crv: "P-256", d: "AAAA" }] } }],
    ["no key", {}],
    ["an empty set", { jwks: { keys: [] } }],
    ["a secret too", { client_secret: "secret", jwks: { keys: [{ kty: "RSA" }] } }],
  ])("§2.2 cannot be registered with %s", async (_, fields) => {
    const client = { client_id: "odd", token_endpoint_auth_method: "private_key_jwt", ...fields };
    await expect(service.register({ clients: [client] })).rejects.toThrow(/clients\[0\]/);
  });
});

test("§2.1 an assertion is no grant: the grant type is unknown", async () => {
  const fields = {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: await assertion(),
  };
  expect(await ask(service, fields)).toMatchObject({
    body: { error: "unsupported_grant_type" },
  });
});
