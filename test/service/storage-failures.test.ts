import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CALLS_IN_FLIGHT_MAX } from "../../src/isolate.ts";
import { eventually } from "../support/eventually.ts";
import { type Intercept, interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh, refreshWithKey } from "../support/requests.ts";
import {
  INVALID_GRANT,
  refusal,
  SUCCESS,
  UNAVAILABLE,
  type WholeAnswer,
} from "../support/responses.ts";
import {
  CLIENT,
  createService,
  LOGIN,
  registerDefaults,
  type Service,
} from "../support/service.ts";

const service = createService();

beforeAll(() => registerDefaults(service));

let log: string[];
beforeEach(() => {
  log = [];
  vi.spyOn(console, "error").mockImplementation((...words) => {
    log.push(words.join(" "));
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A service whose storage goes through `intercept`. */
const over = (intercept: Intercept): Service => createService({ ...interceptBindings(intercept) });

/** A service in which one operation fails so many times, and then works. */
function failing(operation: string, times = Number.POSITIVE_INFINITY, properties = {}) {
  const seen = { calls: 0 };
  const failed = over(async (name, proceed) => {
    if (name !== operation) return proceed();
    seen.calls += 1;
    if (seen.calls > times) return proceed();
    throw Object.assign(new Error(`inner detail of ${name}`), properties);
  });
  return { failed, seen };
}

describe("a failure of storage is an outage and never an OAuth error", () => {
  test.each([
    ["password", "d1.batch"],
    ["password", "family.start"],
    ["refresh_token", "d1.batch"],
    ["refresh_token", "family.rotate"],
    ["client_credentials", "d1.batch"],
  ])("in a %s grant when %s fails", async (grantType, operation) => {
    const { refresh_token } = await logIn(service);
    const { failed, seen } = failing(operation);
    const fields = { ...LOGIN, grant_type: grantType, refresh_token };
    expect(await ask(failed, fields)).toEqual(UNAVAILABLE);
    expect(seen.calls).toBeGreaterThan(0);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(operation.startsWith("d1") ? "d1.find_accounts" : operation);
    for (const secret of [refresh_token, LOGIN.password, btoa(CLIENT)]) {
      expect(log[0]).not.toContain(secret);
    }
  });
});

describe("after an outage", () => {
  test("in which the family was changed and the response lost, the key gets it too", async () => {
    const { refresh_token } = await logIn(service);
    const { loses } = losing({});
    expect(await refreshWithKey(loses, "a key", refresh_token)).toEqual(UNAVAILABLE);
    const { refresh_token: next } = granted(await refreshWithKey(loses, "a key", refresh_token));
    expect(await refresh(service, next)).toEqual(SUCCESS);
  });
});

/** A service that loses the first response of a family after the family has changed. */
function losing(properties: object) {
  const seen = { calls: 0 };
  const loses = over(async (name, proceed) => {
    const result = await proceed();
    if (name !== "family.rotate") return result;
    seen.calls += 1;
    if (seen.calls > 1) return result;
    throw Object.assign(new Error("the answer was lost"), properties);
  });
  return { loses, seen };
}

describe("the Worker tries again by itself", () => {
  test("once when KV rejects a write", async () => {
    const { failed, seen } = failing("kv.put", 1);
    expect(await ask(failed, LOGIN)).toEqual(SUCCESS);
    await eventually(() => seen.calls === 2);
  });

  test.each(["family.start", "family.rotate"])(
    "twice when %s fails in a way that may be repeated",
    async (operation) => {
      const retryable = { retryable: true };
      const passing = failing(operation, 2, retryable);
      const login = await ask(passing.failed, LOGIN);
      const { refresh_token } =
        operation === "family.start" ? granted(login) : await logIn(service);
      expect(await refresh(passing.failed, refresh_token)).toEqual(SUCCESS);
      const lasting = failing(operation, 3, retryable);
      const fields = { ...LOGIN, refresh_token: (await logIn(service)).refresh_token };
      const grantType = operation === "family.start" ? "password" : "refresh_token";
      expect(await ask(lasting.failed, { ...fields, grant_type: grantType })).toEqual(UNAVAILABLE);
      expect(lasting.seen.calls).toBe(3);
    },
  );

  test.each([{}, { overloaded: true }, { retryable: true, overloaded: true }])(
    "never when a family fails with %j",
    async (properties) => {
      const { failed, seen } = failing("family.start", 1, properties);
      expect(await ask(failed, LOGIN)).toEqual(UNAVAILABLE);
      expect(seen.calls).toBe(1);
    },
  );

  test("and gets the same successor when the first response was lost", async () => {
    const { refresh_token } = await logIn(service);
    const { loses, seen } = losing({ retryable: true });
    const answer = await refresh(loses, refresh_token);
    expect(answer).toEqual(SUCCESS);
    expect(seen.calls).toBe(2);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    expect(await refresh(service, granted(answer).refresh_token)).toEqual(SUCCESS);
  });
});

test("too many requests at once for one family are told to slow down", async () => {
  const { refresh_token } = await logIn(service);
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: full, resolve: fill } = Promise.withResolvers<void>();
  let waiting = 0;
  const slow = over(async (name, proceed) => {
    if (name !== "family.rotate") return proceed();
    waiting += 1;
    if (waiting === CALLS_IN_FLIGHT_MAX) fill();
    await opened;
    return proceed();
  });
  const first = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () => refresh(slow, refresh_token));
  await full;
  expect(await refresh(slow, refresh_token)).toEqual(
    refusal(429, "slow_down", "There are too many requests at once for this token.", {
      "retry-after": "1",
    }),
  );
  open();
  const answers = await Promise.all(first);
  const winners = answers.filter(({ status }) => status === 200);
  expect(winners).toEqual([SUCCESS]);
  expect(await refresh(slow, granted(winners[0] as WholeAnswer).refresh_token)).toEqual(SUCCESS);
});
