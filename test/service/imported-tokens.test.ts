import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { change, introspect, registerCheckers, revoke } from "../support/checks.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { newDotToken } from "../support/dot-tokens.ts";
import { eventually } from "../support/eventually.ts";
import { familyOf } from "../support/families.ts";
import { adasId, importLogin, importOwnToken } from "../support/imported.ts";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh, refreshWithKey } from "../support/requests.ts";
import { INACTIVE, INVALID_GRANT, INVALID_SCOPE, success } from "../support/responses.ts";
import { CLIENT, createService, registerDefaults, type Service } from "../support/service.ts";

const MOVING = { IMPORTED_TOKENS: "on" };
const service = createService(MOVING);
const SUCCESS = success("read write");
const REVOKED = { status: 200, body: null };

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers(service);
});
stopClock();

describe("a refresh token of another server", () => {
  test("that has no scope goes on without one, as at DOT, and never gets one", async () => {
    const { refreshToken } = await importLogin({ scope: "" });
    const first = await refresh(service, refreshToken);
    expect(first).toEqual(success(""));
    const { access_token, refresh_token } = granted(first);
    const { body } = await introspect(service, access_token);
    expect(body).toMatchObject({ active: true, scope: "" });
    expect(await refresh(service, refresh_token, { scope: "read" })).toEqual(INVALID_SCOPE);
    expect(await refresh(service, refresh_token)).toEqual(success(""));
  });

  test("is consumed, and what follows is ours and goes on", async () => {
    const { refreshToken } = await importLogin();
    const first = await refresh(service, refreshToken);
    expect(first).toEqual(SUCCESS);
    const second = await refresh(service, granted(first).refresh_token);
    expect(second).toEqual(SUCCESS);
    expect(await isActive(service, granted(second).access_token)).toBe(true);
  });

  test("says whose it is, as far as a client can see", async () => {
    const { refreshToken } = await importLogin();
    const { access_token } = granted(await refresh(service, refreshToken));
    const { body } = await introspect(service, access_token);
    expect(body).toMatchObject({ sub: await adasId(), username: "ada", client_id: "client" });
  });

  test("gives one pair to ten requests at once, and the others lose nothing", async () => {
    const { refreshToken } = await importLogin();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refresh(service, refreshToken)),
    );
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200)).toEqual(Array(9).fill(INVALID_GRANT));
    const [winner = INVALID_GRANT] = winners;
    expect(await refresh(service, granted(winner).refresh_token)).toEqual(SUCCESS);
  });

  test("ends its family when it is replayed after the retry window", async () => {
    const { refreshToken } = await importLogin();
    const { access_token, refresh_token } = granted(await refresh(service, refreshToken));
    passSeconds(11);
    expect(await refresh(service, refreshToken)).toEqual(INVALID_GRANT);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    expect(await isActive(service, access_token)).toBe(false);
  });

  test("gives the same pair again to the same Idempotency-Key", async () => {
    const { refreshToken } = await importLogin();
    const first = await refreshWithKey(service, "k", refreshToken);
    expect(await refreshWithKey(service, "k", refreshToken)).toEqual(first);
    expect(await refreshWithKey(service, "other", refreshToken)).toEqual(INVALID_GRANT);
  });

  test("is remembered by its object for longer than it could be valid", async () => {
    const { refreshToken } = await importLogin();
    const { refresh_token } = granted(await refresh(service, refreshToken));
    await runInDurableObject(await familyOf(refresh_token), async (_, { storage }) => {
      const { expires_at_ms } = (await env.DB.prepare(
        "SELECT max(expires_at_ms) AS expires_at_ms FROM imported_refresh_tokens",
      ).first<{ expires_at_ms: number }>()) ?? { expires_at_ms: 0 };
      const { keptUntilMs } = storage.kv.get<{ keptUntilMs: number }>("family") ?? {};
      expect(keptUntilMs).toBeGreaterThan(expires_at_ms);
      expect(await storage.getAlarm()).toBeGreaterThanOrEqual(keptUntilMs ?? Number.NaN);
    });
  });

  test.each([
    ["it has expired", { refreshExpiresAtMs: Date.now() - 1 }],
    ["it is another client's", { clientId: "other" }],
    ["its user is not there", { userId: "nobody" }],
  ])("is rejected when %s", async (_, fields) => {
    const { refreshToken } = await importLogin(fields);
    expect(await refresh(service, refreshToken)).toEqual(INVALID_GRANT);
  });

  test("is not consumed by a request that is rejected", async () => {
    const { refreshToken } = await importLogin();
    expect(await refresh(service, refreshToken, { scope: "groups" })).toEqual(INVALID_SCOPE);
    expect(await refresh(service, refreshToken, {}, "other:secret")).toEqual(INVALID_GRANT);
    expect(await refresh(service, refreshToken, {}, "client:wrong")).toMatchObject({ status: 401 });
    expect(await refresh(service, refreshToken, { scope: "read" })).toEqual(success("read"));
  });

  test("ends with its user and with its client", async () => {
    const [one, other] = [await importLogin(), await importLogin()];
    await change("users", "ada", "is_active = 0");
    expect(await refresh(service, one.refreshToken)).toEqual(INVALID_GRANT);
    await change("users", "ada", "is_active = 1");
    await change("clients", "client", `not_before_ms = ${Date.now() + 60_000}`);
    expect(await refresh(service, other.refreshToken)).toEqual(INVALID_GRANT);
    expect(await isActive(service, other.accessToken)).toBe(false);
    await change("clients", "client", "not_before_ms = 0");
  });
});

describe("an access token of another server", () => {
  test("is valid until it expires, and says what it grants", async () => {
    const { accessToken } = await importLogin();
    const { body } = await introspect(service, accessToken);
    expect(body).toMatchObject({
      ...{ active: true, scope: "read write", client_id: "client", username: "ada" },
      ...{ sub: await adasId(), token_type: "Bearer" },
      exp: Math.floor(Date.now() / 1000) + 3600,
      iat: Math.floor(Date.now() / 1000) - 60,
    });
    const late = await importLogin({ accessExpiresAtMs: Date.now() - 1 });
    expect(await introspect(service, late.accessToken)).toEqual(INACTIVE);
  });

  test("has no user where the client acts for itself", async () => {
    const token = await importOwnToken("client");
    const { body } = await introspect(service, token);
    expect(body).toMatchObject({ active: true, sub: "client", client_id: "client" });
    expect(body).not.toHaveProperty("username");
  });

  test("ends when the refresh token that came with it is used", async () => {
    const { accessToken, refreshToken } = await importLogin();
    granted(await refresh(service, refreshToken));
    await eventually(async () => !(await isActive(service, accessToken)));
  });

  test("is no refresh token, and a refresh token is no access token", async () => {
    const { accessToken, refreshToken } = await importLogin();
    expect(await refresh(service, accessToken)).toEqual(INVALID_GRANT);
    expect(await introspect(service, refreshToken)).toEqual(INACTIVE);
  });
});

describe("revoking", () => {
  test.each(["refreshToken", "accessToken"] as const)("the %s ends both", async (which) => {
    const login = await importLogin();
    expect(await revoke(service, login[which], CLIENT)).toMatchObject(REVOKED);
    expect(await refresh(service, login.refreshToken)).toEqual(INVALID_GRANT);
    expect(await isActive(service, login.accessToken)).toBe(false);
    expect(await revoke(service, login[which], CLIENT)).toMatchObject(REVOKED);
  });

  test("ends what came of it", async () => {
    const { refreshToken } = await importLogin();
    const { refresh_token } = granted(await refresh(service, refreshToken));
    expect(await revoke(service, refreshToken, CLIENT)).toMatchObject(REVOKED);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
  });

  test("beats a refresh that has looked the token up before", async () => {
    const { refreshToken } = await importLogin();
    let isFirst = true;
    const slow = createService({
      ...MOVING,
      ...interceptBindings(async (operation, proceed) => {
        if (operation === "family.rotate" && isFirst) {
          isFirst = false;
          expect(await revoke(service, refreshToken, CLIENT)).toMatchObject(REVOKED);
        }
        return proceed();
      }),
    });
    expect(await refresh(slow, refreshToken)).toEqual(INVALID_GRANT);
  });

  test("leaves another client's alone", async () => {
    const { accessToken, refreshToken } = await importLogin();
    for (const token of [accessToken, refreshToken]) {
      expect(await revoke(service, token, "other:secret")).toMatchObject(REVOKED);
    }
    expect(await isActive(service, accessToken)).toBe(true);
    expect(await refresh(service, refreshToken)).toEqual(SUCCESS);
  });

  test("a client's own token keeps it from being imported again", async () => {
    const token = await importOwnToken("client");
    expect(await revoke(service, token, CLIENT)).toMatchObject(REVOKED);
    expect(await isActive(service, token)).toBe(false);
    const hashes = await env.DB.prepare("SELECT nonce FROM revoked_access_tokens").all();
    expect(hashes.results).toContainEqual({ nonce: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe("what is looked up", () => {
  const asked = async (at: Service, token: string) => [
    await refresh(at, token),
    await introspect(at, token),
    await revoke(at, token, CLIENT),
  ];

  test("is not looked up while IMPORTED_TOKENS is off, and is not valid", async () => {
    const { service: off, costOf } = createCountedService();
    await ask(off, { grant_type: "client_credentials" });
    await introspect(off, "x");
    const { accessToken, refreshToken } = await importLogin();
    const { answer: answers, cost } = await costOf(async () => [
      await refresh(off, refreshToken),
      await introspect(off, accessToken),
      await revoke(off, refreshToken, CLIENT),
    ]);
    expect(answers).toMatchObject([INVALID_GRANT, INACTIVE, REVOKED]);
    expect(cost).toEqual({ "d1.batch": 3 });
    expect(await refresh(service, refreshToken)).toEqual(SUCCESS);
  });

  test("takes no round trip of its own at a refresh or an introspection", async () => {
    const { service: counted, costOf } = createCountedService(MOVING);
    await ask(counted, { grant_type: "client_credentials" });
    await introspect(counted, "x");
    const { accessToken } = await importLogin();
    const { cost } = await costOf(async () => [
      await refresh(counted, newDotToken()),
      await introspect(counted, accessToken),
    ]);
    expect(cost).toEqual({ "d1.batch": 2 });
  });

  test("costs nothing for a token of this service, or of an unknown form", async () => {
    const { access_token, refresh_token } = await logIn(service);
    const malformed = ["x", "short", "a b".repeat(10), `é${"x".repeat(30)}`, "y".repeat(1025)];
    const altered = [`${access_token}A`, `${refresh_token}A`];
    const statements: string[] = [];
    const watching = createService({
      ...MOVING,
      DB: new Proxy(env.DB, {
        get(target, name) {
          if (name === "prepare") {
            return (query: string) => {
              statements.push(query);
              return target.prepare(query);
            };
          }
          const member: unknown = Reflect.get(target, name);
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    });
    for (const token of [...malformed, ...altered]) await asked(watching, token);
    expect(statements.filter((query) => query.includes("imported_"))).toEqual([]);
    await asked(watching, newDotToken());
    expect(statements.filter((query) => query.includes("imported_"))).not.toEqual([]);
  });
});

test("nothing at rest is an imported token", async () => {
  const { accessToken, refreshToken } = await importLogin();
  granted(await refresh(service, refreshToken));
  const rows = [
    ...(await env.DB.prepare("SELECT * FROM imported_access_tokens").all()).results,
    ...(await env.DB.prepare("SELECT * FROM imported_refresh_tokens").all()).results,
    ...(await env.DB.prepare("SELECT * FROM sessions").all()).results,
  ];
  const text = JSON.stringify(rows);
  expect(rows.length).toBeGreaterThan(0);
  expect(text).not.toContain(accessToken);
  expect(text).not.toContain(refreshToken);
});
