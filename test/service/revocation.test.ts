import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  isStored,
  JWT_CLIENT,
  OTHER_CLIENT,
  registerCheckers,
  revoke,
  TOKENS,
} from "../support/checks.ts";
import { passSeconds, skipWaits, stopClock } from "../support/clock.ts";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors, createFaultyService } from "../support/faulty.ts";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, basic, granted, logIn, post, refresh } from "../support/requests.ts";
import { INVALID_GRANT, UNAVAILABLE, type WholeAnswer } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const service = createService();
const PATH = "/o/revoke_token/";

const REVOKED: WholeAnswer = {
  status: 200,
  headers: { "cache-control": "no-store", pragma: "no-cache" },
  body: null,
};

beforeAll(async () => {
  await registerDefaults(service);
  await registerCheckers();
});

async function rememberedCount(): Promise<number> {
  const query = "SELECT count(*) AS count FROM revoked_access_tokens";
  return (await env.DB.prepare(query).first<{ count: number }>())?.count ?? 0;
}

describe.each([
  ["opaque", CLIENT],
  ["JWT", JWT_CLIENT],
])("revoking (%s)", (_, credentials) => {
  test.each(["access_token", "refresh_token"] as const)("the %s ends both", async (kind) => {
    const pair = await logIn(service, {}, credentials);
    expect(await revoke(service, pair[kind], credentials)).toEqual(REVOKED);
    expect(await isActive(service, pair.access_token)).toBe(false);
    expect(await refresh(service, pair.refresh_token, {}, credentials)).toEqual(INVALID_GRANT);
    const strict = await TOKENS.verify(pair.access_token, { consistency: "strict" });
    expect(strict).toEqual({ kind: "invalid_token" });
  });

  test("a token of an earlier generation ends the present one", async () => {
    for (const kind of ["access_token", "refresh_token"] as const) {
      const first = await logIn(service, {}, credentials);
      const renewed = await refresh(service, first.refresh_token, {}, credentials);
      const second = granted(renewed);
      expect(await revoke(service, first[kind], credentials)).toEqual(REVOKED);
      expect(await isActive(service, second.access_token)).toBe(false);
      expect(await refresh(service, second.refresh_token, {}, credentials)).toEqual(INVALID_GRANT);
    }
  });

  test("one login leaves the user's others alone", async () => {
    const [one, other] = [
      await logIn(service, {}, credentials),
      await logIn(service, {}, credentials),
    ];
    await revoke(service, one.refresh_token, credentials);
    expect(await isActive(service, other.access_token)).toBe(true);
    const answer = await refresh(service, other.refresh_token, {}, credentials);
    expect(answer).toMatchObject({ status: 200 });
  });

  test("as another client does nothing, to either token or to the client's own", async () => {
    const pair = await logIn(service, {}, credentials);
    const own = granted(await ask(service, OWN, credentials));
    for (const token of [pair.access_token, pair.refresh_token, own.access_token]) {
      expect(await revoke(service, token, OTHER_CLIENT)).toEqual(REVOKED);
    }
    expect(await isActive(service, pair.access_token)).toBe(true);
    expect(await isActive(service, own.access_token)).toBe(true);
    const answer = await refresh(service, pair.refresh_token, {}, credentials);
    expect(answer).toMatchObject({ status: 200 });
  });

  test("the client's own token ends that one and no other", async () => {
    const [one, other] = [
      granted(await ask(service, OWN, credentials)),
      granted(await ask(service, OWN, credentials)),
    ];
    expect(await revoke(service, one.access_token, credentials)).toEqual(REVOKED);
    expect(await isActive(service, one.access_token)).toBe(false);
    expect(await isActive(service, other.access_token)).toBe(true);
  });
});

test("an opaque token that is revoked is gone from KV", async () => {
  const pair = await logIn(service);
  const own = granted(await ask(service, OWN));
  const tokens = [pair.access_token, own.access_token];
  for (const token of tokens) await eventually(() => isStored(token));
  await revoke(service, pair.refresh_token, CLIENT);
  await revoke(service, own.access_token, CLIENT);
  for (const token of tokens) {
    await eventually(async () => !(await isStored(token)));
    expect(await TOKENS.verify(token, {})).toEqual({ kind: "invalid_token" });
  }
});

test("the body may be JSON or multipart, and the path without its slash", async () => {
  const form = new FormData();
  const [one, other] = [await logIn(service), await logIn(service)];
  form.set("token", one.access_token);
  expect(await post(service, form, basic(CLIENT), "/o/revoke_token")).toEqual(REVOKED);
  const json = JSON.stringify({ token: other.access_token });
  const headers = { ...basic(CLIENT), "Content-Type": "application/json" };
  expect(await post(service, json, headers, PATH)).toEqual(REVOKED);
  expect(await isActive(service, one.access_token)).toBe(false);
  expect(await isActive(service, other.access_token)).toBe(false);
});

describe("revoking costs", () => {
  skipWaits();

  test("the look-up, one call to the family and two deletes, whatever its age", async () => {
    const { service: counted, costOf } = createCountedService();
    await logIn(counted);
    for (const generations of [0, 20]) {
      let { refresh_token } = await logIn(service);
      for (let count = 0; count < generations; count += 1) {
        refresh_token = granted(await refresh(service, refresh_token)).refresh_token;
      }
      const { answer, cost } = await costOf(() => revoke(counted, refresh_token, CLIENT));
      expect(answer).toEqual(REVOKED);
      // After the response the session is noted as ended: `d1.run`.
      const storage = { "d1.batch": 1, "family.revoke": 1, "kv.delete": 2 };
      expect(cost).toEqual({ ...storage, "d1.run": 1 });
    }
  });

  test("the lookup alone for a token that was never issued", async () => {
    const { service: counted, costOf } = createCountedService();
    await logIn(counted);
    const { access_token, refresh_token } = await logIn(service);
    for (const token of ["x", `${access_token}A`, `${refresh_token}A`, "tga_", "a.b.c"]) {
      const { answer, cost } = await costOf(() => revoke(counted, token, CLIENT));
      expect({ answer, cost }).toEqual({ answer: REVOKED, cost: { "d1.batch": 1 } });
    }
  });
});

describe("when storage fails", () => {
  captureErrors();
  stopClock();

  const OPERATIONS: [string, "family" | "own"][] = [
    ["d1.batch", "family"],
    ["family.revoke", "family"],
    ["d1.batch", "own"],
  ];

  test.each(OPERATIONS)("in %s, the response for a %s token is 503", async (operation, kind) => {
    for (const fault of ["before", "after"] as const) {
      const faulty = createFaultyService();
      const issued = kind === "own" ? await ask(service, OWN) : await ask(service, LOGIN);
      const { access_token } = granted(issued);
      faulty.arm({ operation, call: "every", kind: fault });
      expect(await revoke(faulty.service, access_token, CLIENT)).toEqual(UNAVAILABLE);
      expect(faulty.struck).toBeGreaterThan(0);
      faulty.arm();
      expect(await revoke(faulty.service, access_token, CLIENT)).toEqual(REVOKED);
      expect(await isActive(service, access_token)).toBe(false);
    }
  });

  test("a revocation that D1 lost is written at the retry: KV elsewhere is late", async () => {
    const faulty = createFaultyService();
    const { access_token } = granted(await ask(service, OWN));
    const before = await rememberedCount();
    faulty.arm({ operation: "d1.batch", call: 2, kind: "before" });
    expect(await revoke(faulty.service, access_token, CLIENT)).toEqual(UNAVAILABLE);
    expect(await rememberedCount()).toBe(before);
    expect(await revoke(faulty.service, access_token, CLIENT)).toEqual(REVOKED);
    expect(await rememberedCount()).toBe(before + 1);
  });

  test("a revocation that KV lost is already in D1, where introspection sees it", async () => {
    const faulty = createFaultyService();
    const { access_token } = granted(await ask(service, OWN));
    const before = await rememberedCount();
    faulty.arm({ operation: "kv.delete", call: "every", kind: "before" });
    expect(await revoke(faulty.service, access_token, CLIENT)).toEqual(REVOKED);
    expect(await rememberedCount()).toBe(before + 1);
    expect(await isActive(service, access_token)).toBe(false);
  });
});

describe("what D1 remembers of a revoked token", () => {
  stopClock();

  test("is removed by the next revocation once the token has expired", async () => {
    await env.DB.exec("DELETE FROM revoked_access_tokens");
    for (const expected of [1, 2]) {
      await revoke(service, granted(await ask(service, OWN)).access_token, CLIENT);
      expect(await rememberedCount()).toBe(expected);
    }
    passSeconds(3600);
    await revoke(service, granted(await ask(service, OWN)).access_token, CLIENT);
    expect(await rememberedCount()).toBe(1);
  });
});

test("a family goes on to end when the key of its live tokens is gone", async () => {
  const newer = createService({ TOKEN_KEYS: `${"a7".repeat(32)},${env.TOKEN_KEYS}` });
  const { refresh_token } = await logIn(service);
  const successor = granted(await refresh(newer, refresh_token)).refresh_token;
  expect(await revoke(service, refresh_token, CLIENT)).toEqual(REVOKED);
  expect(await refresh(newer, successor)).toEqual(INVALID_GRANT);
});

test("a token of which KV has not heard yet is revoked for those who ask exactly", async () => {
  const own = granted(await ask(service, OWN)).access_token;
  const unaware = createService(
    interceptBindings((operation, proceed) => {
      return operation.startsWith("kv.") ? Promise.resolve(null) : proceed();
    }),
  );
  expect(await revoke(unaware, own, OTHER_CLIENT)).toEqual(REVOKED);
  expect(await isActive(service, own)).toBe(true);
  expect(await revoke(unaware, own, CLIENT)).toEqual(REVOKED);
  expect(await isActive(service, own)).toBe(false);
});

test("a family is revoked again without another event", async () => {
  const { refresh_token } = await logIn(service);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  for (let count = 0; count < 3; count += 1) await revoke(service, refresh_token, CLIENT);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes("family_revoked"))).toHaveLength(1);
  log.mockRestore();
});
