import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CATALOGUE } from "../../src/errors/index.ts";
import { FAILED_LOGINS } from "../../src/users/sign-in.ts";
import { DJANGO_RECORDS, setPasswordRecord } from "../support/django-records.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors } from "../support/faulty.ts";
import { failingBindings, interceptBindings } from "../support/interception.ts";
import { createMovingService } from "../support/legacy.ts";
import { ask, type Fields } from "../support/requests.ts";
import { INVALID_CREDENTIALS, INVALID_SCOPE, SUCCESS, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const HELD = { FAILED_LOGIN_SECONDS_MIN: 30 };

/** Each class of login that a client must not tell from the others. */
const FAILURES: readonly [why: string, fields: Fields][] = [
  ["an unknown user", { username: "nobody" }],
  ["an inactive user", { username: "inactive" }],
  ["an inactive user's wrong password", { username: "inactive", password: "wrong" }],
  ["an unusable password", { username: "unusable" }],
  ["a wrong password", { password: "wrong" }],
  ["a wrong password for a short hash of Django's", { username: "short", password: "wrong" }],
  ["a wrong password for a long hash of Django's", { username: "long", password: "wrong" }],
  ["a password that is too long", { password: "x".repeat(5000) }],
];

const RIGHT: readonly [why: string, fields: Fields][] = [
  ["a right password", {}],
  ["a right password for a short hash of Django's", { username: "short" }],
  ["a right password for a long hash of Django's", { username: "long" }],
];

captureErrors();
beforeAll(async () => {
  const service = createService();
  await registerDefaults(service);
  await service.register({
    clients: [{ client_id: "machine", client_secret: "s", grant_types: ["client_credentials"] }],
    users: [{ username: "inactive", password: LOGIN.password, is_active: false }],
  });
  await setPasswordRecord("unusable", "!");
});
beforeEach(async () => {
  await setPasswordRecord("short", DJANGO_RECORDS.short);
  await setPasswordRecord("long", DJANGO_RECORDS.long);
});

/**
 * Replaces the platform's timer by one that a test lets go off, where it can be cancelled. The
 * pauses of a long derivation, which cannot, are left alone.
 */
function holdTimers() {
  const waits: { ms: number; signal: AbortSignal; goOff: () => void }[] = [];
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms, { signal } = {}) => {
    if (signal === undefined) return wait(ms);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      waits.push({ ms, signal, goOff: resolve });
    });
  });
  return waits;
}

/** A service that knows how many calls to its bindings are under way. */
function createWatchedService() {
  const calls = { begun: 0, underWay: 0 };
  const bindings = interceptBindings(async (_, proceed) => {
    calls.begun += 1;
    calls.underWay += 1;
    return proceed().finally(() => {
      calls.underWay -= 1;
    });
  });
  return { calls, service: createService({ ...bindings, ...HELD }) };
}

describe("a failed login", () => {
  test("waits for the time that is set, and holds no call to storage while it does", async () => {
    const { calls, service } = createWatchedService();
    const waits = holdTimers();
    const answered: string[] = [];
    const logins = FAILURES.map(async ([why, fields]) => {
      const answer = await ask(service, { ...LOGIN, ...fields });
      answered.push(why);
      return answer;
    });
    // One lookup each, and the derivation of the one long record.
    const callsInAll = FAILURES.length + 1;
    await eventually(() => calls.begun === callsInAll && calls.underWay === 0);
    await eventually(() => waits.length === FAILURES.length);
    // A request that came later is answered: whatever the others still had to do, they have done.
    expect(await ask(service, LOGIN)).toEqual(SUCCESS);
    expect(answered).toEqual([]);
    for (const { ms, goOff } of waits) {
      expect(ms).toBe(30_000);
      goOff();
    }
    expect(await Promise.all(logins)).toEqual(FAILURES.map(() => INVALID_CREDENTIALS));
  });

  test.each([
    ["nobody", "wrong"],
    ["nobody", "x".repeat(5000)],
    ["unusable", "wrong"],
  ])("of %s waits when an old server was asked or need not be", async (username, password) => {
    const service = createMovingService("sound", HELD);
    const waits = holdTimers();
    let isAnswered = false;
    const login = ask(service, { ...LOGIN, username, password }).finally(() => {
      isAnswered = true;
    });
    const isAsked = password === "wrong";
    if (isAsked) await eventually(async () => (await service.calls()).length === 1);
    await eventually(() => waits.length > 0);
    expect(isAnswered).toBe(false);
    waits[0]?.goOff();
    expect(await login).toEqual(INVALID_CREDENTIALS);
  });

  test("waits from before the work, during which the clock may not advance", async () => {
    const waits = holdTimers();
    const begun: number[] = [];
    const bindings = interceptBindings((operation, proceed) => {
      if (operation === "password.derive") begun.push(waits.length);
      return proceed();
    });
    const service = createService({ ...bindings, ...HELD });
    const login = ask(service, { ...LOGIN, username: "long", password: "wrong" });
    await eventually(() => begun.length > 0);
    expect(begun).toEqual([1]);
    waits[0]?.goOff();
    expect(await login).toEqual(INVALID_CREDENTIALS);
  });

  test("is immediate when no time is set", async () => {
    const service = createService({ FAILED_LOGIN_SECONDS_MIN: 0 });
    const waits = holdTimers();
    const answer = await ask(service, { ...LOGIN, password: "wrong" });
    expect([answer, waits]).toEqual([INVALID_CREDENTIALS, []]);
  });

  test("is every rejection with the response of a wrong password", () => {
    const told = Object.entries(CATALOGUE).filter(([, { description }]) => {
      return description === CATALOGUE.password_wrong.description;
    });
    expect(new Set(told.map(([reason]) => reason))).toEqual(FAILED_LOGINS);
  });
});

describe("a timer is cancelled, and the response does not wait for it, after", () => {
  test.each<[string, Fields, object, string?]>([
    ...RIGHT.map(([why, fields]) => [why, fields, SUCCESS] as [string, Fields, object]),
    ["an invalid scope after a right password", { scope: "fly" }, INVALID_SCOPE],
  ])("%s", async (_, fields, expected, credentials) => {
    const service = createService(HELD);
    await ask(service, LOGIN, "nobody:x");
    const waits = holdTimers();
    expect(await ask(service, { ...LOGIN, ...fields }, credentials)).toEqual(expected);
    expect(waits.map(({ ms, signal }) => [ms, signal.aborted])).toEqual([[30_000, true]]);
  });

  test("an outage, in which the password was not checked", async () => {
    const service = createService({ ...failingBindings("password.derive"), ...HELD });
    const waits = holdTimers();
    const answer = await ask(service, { ...LOGIN, username: "long", password: "wrong" });
    expect(answer).toEqual(UNAVAILABLE);
    expect(waits.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});

test("with the platform's own timer, no failure is told before one that was set earlier", async () => {
  const service = createService({ FAILED_LOGIN_SECONDS_MIN: 1 });
  const happened: string[] = [];
  const earlier = scheduler.wait(900).then(() => happened.push("earlier"));
  const logins = FAILURES.map(async ([why, fields]) => {
    const answer = await ask(service, { ...LOGIN, ...fields });
    happened.push(why);
    return answer;
  });
  expect(await Promise.all(logins)).toEqual(FAILURES.map(() => INVALID_CREDENTIALS));
  await earlier;
  expect(happened[0]).toBe("earlier");
  expect(new Set(happened).size).toBe(FAILURES.length + 1);
});
