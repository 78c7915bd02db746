import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { DJANGO_ITERATIONS_MAX } from "../../src/crypto/password-hash.ts";
import { DERIVATION_DEADLINE_MS } from "../../src/storage/long-hash.ts";
import { DERIVATIONS_MAX } from "../../src/storage/long-hash-object.ts";
import { createCountedService } from "../support/counting.ts";
import { DJANGO_RECORDS, passwordRecordOf, setPasswordRecord } from "../support/django-records.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors, stopTimers } from "../support/faulty.ts";
import { type Intercept, interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_CREDENTIALS, SUCCESS, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const GRACE = { ...LOGIN, username: "grace" };
const OURS = /^\$pbkdf2-sha256\$r=1,i=100000\$/;
/** A derivation of the longest hash takes seconds, and more where tests share a processor. */
vi.setConfig({ testTimeout: 240_000 });

/** A service in which `intercept` sees each call to the objects that derive. */
function overDerivations(intercept: Intercept) {
  const bindings = interceptBindings((operation, proceed, ...call) => {
    return operation === "password.derive" ? intercept(operation, proceed, ...call) : proceed();
  });
  return createService({ ...bindings });
}

// No deadline passes on a slow machine, unless a test wants it.
stopTimers();
const errors = captureErrors();
beforeAll(() => registerDefaults(createService()));
beforeEach(() => setPasswordRecord("grace", DJANGO_RECORDS.long));

const rehashed = () => eventually(async () => OURS.test(await passwordRecordOf("grace")));

describe("a hash of more iterations than one call of WebCrypto allows", () => {
  test("is verified by one call to an object, and by none once it is replaced", async () => {
    const { service, costOf } = createCountedService();
    const storage = { "d1.batch": 2, "kv.put": 1, "family.start": 1 };
    await logIn(service);
    const wrong = await costOf(() => ask(service, { ...GRACE, password: "wrong" }));
    expect(wrong).toEqual({
      answer: INVALID_CREDENTIALS,
      cost: { "d1.batch": 1, "password.derive": 1 },
    });
    const first = await costOf(async () => {
      const answer = await ask(service, GRACE);
      await rehashed();
      return answer;
    });
    expect(first).toEqual({
      answer: SUCCESS,
      cost: { ...storage, "password.derive": 1, "d1.run": 1, pbkdf2: 1 },
    });
    const second = await costOf(() => ask(service, GRACE));
    expect(second).toEqual({ answer: SUCCESS, cost: { ...storage, pbkdf2: 1 } });
  });

  test("allows many concurrent first logins, and is replaced once", async () => {
    const written: string[] = [];
    const service = createService({
      ...interceptBindings(async (operation, proceed) => {
        const result = await proceed();
        if (operation === "d1.run") written.push(await passwordRecordOf("grace"));
        return result;
      }),
    });
    const logins = Array.from({ length: DERIVATIONS_MAX * 2 }, () => ask(service, GRACE));
    expect(await Promise.all(logins)).toEqual(logins.map(() => SUCCESS));
    await eventually(() => written.length === logins.length);
    expect(written[0]).toMatch(OURS);
    expect(new Set(written).size).toBe(1);
  });

  test("above the limit of iterations costs as much as a wrong password", async () => {
    const { service, costOf } = createCountedService();
    await logIn(service);
    const tooMany = DJANGO_RECORDS.longest.replace("2000000", String(DJANGO_ITERATIONS_MAX + 1));
    await setPasswordRecord("grace", tooMany);
    const { answer, cost } = await costOf(() => ask(service, GRACE));
    expect({ answer, cost }).toEqual({
      answer: INVALID_CREDENTIALS,
      cost: { "d1.batch": 1, pbkdf2: 1 },
    });
  });
});

test("while the longest hash is verified, every other request gets a response", async () => {
  await setPasswordRecord("grace", DJANGO_RECORDS.longest);
  const begun = Promise.withResolvers<void>();
  const service = overDerivations((_, proceed) => {
    begun.resolve();
    return proceed();
  });
  let { refresh_token } = await logIn(service);
  const answered: string[] = [];
  const login = ask(service, GRACE).finally(() => answered.push("login"));
  await begun.promise;
  for (let count = 0; count < 10; count += 1) {
    refresh_token = granted(await refresh(service, refresh_token)).refresh_token;
    answered.push("refresh");
    const health = await service.fetch("/healthz");
    answered.push(`health ${health.status}`);
  }
  expect(await login).toEqual(SUCCESS);
  const others = Array.from({ length: 10 }, () => ["refresh", "health 200"]).flat();
  expect(answered).toEqual([...others, "login"]);
});

test("of more checks at once than an object accepts, the others are told to retry", async () => {
  const guesses = Array.from({ length: DERIVATIONS_MAX + 1 }, (_, index) => `guess ${index}`);
  const passwords = [GRACE.password, ...guesses];
  const all = Promise.withResolvers<void>();
  let arrived = 0;
  const service = overDerivations(async (_, proceed) => {
    arrived += 1;
    if (arrived === passwords.length) all.resolve();
    await all.promise;
    return proceed();
  });
  const answers = await Promise.all(
    passwords.map((password) => ask(service, { ...GRACE, password })),
  );
  const rejected = answers.filter(({ status }) => status === 503);
  expect(rejected).toEqual(Array(passwords.length - DERIVATIONS_MAX).fill(UNAVAILABLE));
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 503) continue;
    expect(answer).toEqual(passwords[index] === GRACE.password ? SUCCESS : INVALID_CREDENTIALS);
  }
  const reasons = errors.map((line) => JSON.parse(String(line)).reason);
  expect(reasons).toEqual(rejected.map(() => "hashing_busy"));
  expect(await ask(service, GRACE)).toEqual(SUCCESS);
});

describe("an object that", () => {
  test.each<[string, Intercept]>([
    ["fails", () => Promise.reject(new Error("overloaded"))],
    [
      "never responds",
      async () => {
        await scheduler.wait(0);
        vi.advanceTimersByTime(DERIVATION_DEADLINE_MS);
        return new Promise(() => undefined);
      },
    ],
  ])("%s makes the client retry, and does not change the hash", async (_, intercept) => {
    const service = overDerivations(intercept);
    for (const password of [GRACE.password, "wrong"]) {
      expect(await ask(service, { ...GRACE, password })).toEqual(UNAVAILABLE);
    }
    expect(await passwordRecordOf("grace")).toBe(DJANGO_RECORDS.long);
    expect(await ask(createService(), GRACE)).toEqual(SUCCESS);
  });

  test("responds just in time is waited for", async () => {
    const service = overDerivations(async (_, proceed) => {
      const outcome = await proceed();
      vi.advanceTimersByTime(DERIVATION_DEADLINE_MS - 1);
      return outcome;
    });
    expect(await ask(service, GRACE)).toEqual(SUCCESS);
  });
});

test("a log line counts a derivation in an object, and the call to it", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const guess = { ...GRACE, password: "wrong", client_id: "public" };
  expect(await ask(createService(), guess, null)).toEqual(INVALID_CREDENTIALS);
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
  const line = lines.find(({ event }) => event === "request");
  expect(line).toMatchObject({ pbkdf2_calls: 1, object_calls: 1, d1_calls: 1 });
  expect(Object.keys(line.operations)).toEqual(
    expect.arrayContaining(["pbkdf2.javascript", "password.derive"]),
  );
});
