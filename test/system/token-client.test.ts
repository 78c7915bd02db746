import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  LoginOver,
  RefreshRefused,
  TokenClient,
  type TokenClientOptions,
  type TokenPair,
} from "../../src/client/token-client.ts";
import { type DroppingProxy, type Fate, startDroppingProxy } from "../support/dropping-proxy.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { isActive, tokenOf } from "../support/wire.ts";

/** Callers that need a token at the same time. */
const CALLERS = 25;

let service: RunningService;
let proxy: DroppingProxy;

beforeAll(async () => {
  const secret = { client_secret: "secret" };
  const clients = [
    // Shorter than the client's margin: each call for a token refreshes.
    { client_id: "mobile", ...secret, access_token_ttl_seconds: 25 },
    { client_id: "web", ...secret },
    { client_id: "api", ...secret, grant_types: [], scope: "introspection" },
  ];
  const users = [{ username: "ada", password: "correct horse" }];
  // These tests are not about the speed of the machine.
  service = await startRunningService({ clients, users }, { REFRESH_RETRY_WINDOW_SECONDS: 60 });
});

afterAll(() => service?.stop());

beforeEach(async () => {
  proxy = await startDroppingProxy(service.origin);
});

afterEach(() => proxy.close());

async function logIn(clientId = "mobile"): Promise<TokenPair> {
  const fields = { grant_type: "password", username: "ada", password: "correct horse" };
  const pair = await tokenOf(service.origin, `${clientId}:secret`, fields);
  return { accessToken: pair.access_token, refreshToken: pair.refresh_token, expiresAtMs: 0 };
}

function newClient(pair: TokenPair, options: Partial<TokenClientOptions> = {}): TokenClient {
  const tokenEndpoint = `${proxy.origin}/o/token/`;
  const defaults = { tokenEndpoint, clientId: "mobile", clientSecret: "secret" };
  return new TokenClient({ ...defaults, save: async () => undefined, ...options }, pair);
}

function askAtOnce(client: TokenClient): Promise<string[]> {
  return Promise.all(Array.from({ length: CALLERS }, () => client.accessToken()));
}

function isGood(token: string): Promise<boolean> {
  return isActive(service.origin, "api:secret", token);
}

test("callers that need a token at the same time share one refresh", async () => {
  const saved: TokenPair[] = [];
  const client = newClient(await logIn(), {
    async save(pair) {
      saved.push(pair);
    },
  });
  const tokens = await askAtOnce(client);
  expect(new Set(tokens)).toEqual(new Set([saved[0]?.accessToken]));
  expect(saved).toHaveLength(1);
  expect(proxy.answered.map(({ status }) => status)).toEqual([200]);
  expect(await isGood(tokens[0] as string)).toBe(true);
});

test("a token that is still valid is returned without a request", async () => {
  const pair = { ...(await logIn()), expiresAtMs: Date.now() + 3_600_000 };
  expect(await newClient(pair).accessToken()).toBe(pair.accessToken);
  expect(proxy.answered).toEqual([]);
});

test("with any lost request or response, the login continues, one generation at a time", async () => {
  const fate = fc.constantFrom<Fate[]>("drop_answer", "cut_answer", "drop_request", "busy");
  const losses = fc.array(fate, { maxLength: 3 });
  const rounds = fc.array(losses, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(rounds, async (lost) => {
      const saved: TokenPair[] = [];
      const client = newClient(await logIn(), {
        async save(pair) {
          saved.push(pair);
        },
      });
      proxy.fates.length = 0;
      for (const fates of lost) {
        proxy.fates.push(...fates);
        const [token = "", ...others] = await askAtOnce(client);
        expect(new Set(others)).toEqual(new Set([token]));
        expect(await isGood(token)).toBe(true);
        expect(proxy.fates).toEqual([]);
      }
      expect(new Set(saved.map(({ refreshToken }) => refreshToken)).size).toBe(lost.length);
      expect(saved).toHaveLength(lost.length);
    }),
    { numRuns: 6 },
  );
});

test.each([
  ["and is enough while it is valid", "web", 1],
  ["and refreshed if it expires soon", "mobile", 2],
])(
  "a pair that could not be saved is saved by the next call, %s",
  async (_, clientId, requests) => {
    const saved: TokenPair[] = [];
    let failures = 1;
    const client = newClient(await logIn(clientId), {
      clientId,
      async save(pair) {
        failures -= 1;
        if (failures >= 0) throw new Error("the database is down");
        saved.push(pair);
      },
    });
    await expect(client.accessToken()).rejects.toThrow("the database is down");
    expect(await isGood(await client.accessToken())).toBe(true);
    const keys = proxy.answered.map(({ idempotencyKey }) => idempotencyKey);
    expect([keys.length, new Set(keys).size, saved.length]).toEqual([requests, requests, requests]);
    expect(saved[0]?.refreshToken).toBe(proxy.answered[0]?.body["refresh_token"]);
  },
);

test("a program that ends before it saves the new pair gets the same one when restarted", async () => {
  const saved: TokenPair[] = [await logIn()];
  const restart = (save = async (pair: TokenPair) => void saved.unshift(pair)) => {
    return newClient(saved[0] as TokenPair, { save }).refresh();
  };
  const end = () => Promise.reject(new Error("the program ends"));
  await expect(restart(end)).rejects.toThrow("the program ends");
  await restart();
  const [first, second] = proxy.answered;
  expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
  expect(saved[0]?.refreshToken).toBe(first?.body["refresh_token"]);
  expect(saved[0]?.accessToken).toBe(first?.body["access_token"]);
  await restart();
  expect(proxy.answered[2]).toMatchObject({ status: 200 });
  expect(proxy.answered[2]?.idempotencyKey).not.toBe(first?.idempotencyKey);
});

describe("LoginOver", () => {
  test("is thrown to every caller after the login was revoked", async () => {
    const pair = await logIn();
    await fetch(`${service.origin}/o/revoke_token/`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa("mobile:secret")}` },
      body: new URLSearchParams({ token: pair.refreshToken }),
    });
    const client = newClient(pair);
    const asked = await Promise.allSettled([client.accessToken(), client.accessToken()]);
    expect(asked.map((one) => one.status === "rejected" && one.reason)).toEqual([
      expect.any(LoginOver),
      expect.any(LoginOver),
    ]);
    expect(proxy.answered).toHaveLength(1);
  });

  test("is not thrown for a wrong secret, and the valid one continues", async () => {
    const pair = await logIn();
    const mistaken = newClient(pair, { clientSecret: "wrong" });
    await expect(mistaken.accessToken()).rejects.toThrow(RefreshRefused);
    expect(await isGood(await newClient(pair).accessToken())).toBe(true);
  });

  test("is not thrown when the service cannot be reached", async () => {
    const client = newClient(await logIn());
    const fates = ["busy", "bad_gateway", "drop_request"] as const;
    proxy.fates.push(...fates, ...fates);
    const error = await client.accessToken().catch((reason) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(LoginOver);
    expect([proxy.answered, proxy.fates]).toEqual([[], []]);
    expect(await isGood(await client.accessToken())).toBe(true);
  });
});
