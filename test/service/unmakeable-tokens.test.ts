import { beforeAll, describe, expect, test } from "vitest";
import { API, change, introspect, registerCheckers, revoke, TOKENS } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { captureErrors } from "../support/faulty.ts";
import { keySet, newKey, publicHalf } from "../support/keys.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { UNAVAILABLE } from "../support/responses.ts";
import { createService, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const CREDENTIALS = "largest:secret";

/** As long as claims may be. */
const CLAIMS = { text: "x".repeat(2048 - '{"text":""}'.length) };
/** As long as a scope may be. */
const SCOPE = Array.from({ length: 100 }, (_, n) => `s${n}`.padEnd(19, "_")).join(" ");
const large = createService({ SCOPES: SCOPE });

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
  await service.register({
    clients: [
      {
        client_id: "largest",
        client_secret: "secret",
        grant_types: ["password", "refresh_token", "client_credentials"],
        access_token_format: "jwt",
        audience: [API],
        claims: CLAIMS,
      },
    ],
    users: [
      { username: "large", password: "rear admiral", claims: { ...CLAIMS, more: undefined } },
    ],
  });
  await change("users", "large", `claims = '${JSON.stringify({ other: CLAIMS.text })}'`);
});
stopClock();
const logged = captureErrors();
const LOGIN = { username: "large", password: "rear admiral" };

describe("a JWT as long as it can be", () => {
  test("is read by everything that reads tokens", async () => {
    const { access_token } = await logIn(large, LOGIN, CREDENTIALS);
    expect(access_token.length).toBeGreaterThan(8192);
    const own = granted(await ask(large, OWN, CREDENTIALS)).access_token;
    for (const token of [access_token, own]) {
      expect(await introspect(large, token, CREDENTIALS)).toMatchObject({ body: { active: true } });
      for (const consistency of ["fast", "strict"] as const) {
        expect(await TOKENS.verify(token, { consistency })).toMatchObject({ kind: "verified" });
      }
      expect(await revoke(large, token, CREDENTIALS)).toMatchObject({ status: 200 });
      expect(await introspect(large, token, CREDENTIALS)).toMatchObject({
        body: { active: false },
      });
    }
  });
});

describe("a token that cannot be made consumes nothing:", () => {
  test("claims that are too long", async () => {
    const { refresh_token } = await logIn(large, LOGIN, CREDENTIALS);
    await change("clients", "largest", `claims = '{"text":"${"x".repeat(12_000)}"}'`);
    expect(await refresh(large, refresh_token, {}, CREDENTIALS)).toEqual(UNAVAILABLE);
    expect(await ask(large, OWN, CREDENTIALS)).toEqual(UNAVAILABLE);
    expect(logged.join()).toContain("shorten its claims");
    await change("clients", "largest", "claims = '{}'");
    granted(await refresh(large, refresh_token, {}, CREDENTIALS));
  });

  test("a signing key that cannot sign", async () => {
    const { refresh_token } = await logIn(large, LOGIN, CREDENTIALS);
    const [one, other] = [await newKey(), await newKey()];
    const SIGNING_KEYS = keySet({ ...one, ...publicHalf(other) });
    const broken = createService({ SCOPES: SCOPE, SIGNING_KEYS });
    expect(await refresh(broken, refresh_token, {}, CREDENTIALS)).toEqual(UNAVAILABLE);
    expect(logged.join()).toContain("SIGNING_KEYS: key 1 cannot sign");
    expect(logged.join()).not.toContain(String(one.d));
    granted(await refresh(large, refresh_token, {}, CREDENTIALS));
  });
});

test("an expired JWT, revoked, ends its family all the same", async () => {
  const { access_token, refresh_token } = await logIn(service, {}, "jwt:secret");
  passSeconds(3601);
  expect(await revoke(service, access_token, "jwt:secret")).toMatchObject({ status: 200 });
  expect(await refresh(service, refresh_token, {}, "jwt:secret")).toMatchObject({ status: 400 });
});
