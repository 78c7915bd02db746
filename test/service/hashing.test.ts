import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { newBrowser } from "../support/browsing.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { derivationsOf, holdDerivations } from "../support/derivations.ts";
import { eventually } from "../support/eventually.ts";
import { failingBindings } from "../support/interception.ts";
import { createLimitedService } from "../support/limited.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_CREDENTIALS, SUCCESS, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const HASHES = 4;
const ROUNDS = 6;
const PUBLIC = { ...LOGIN, client_id: "public" };

beforeAll(() => registerDefaults(createService({ PASSWORD_HASH_ROUNDS: ROUNDS })));

stopClock();

let release = () => {};
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  release();
  vi.restoreAllMocks();
});

function hold() {
  const held = holdDerivations();
  release = held.release;
  return held;
}

/** Calls `around` with each round of PBKDF2, until the end of the test. */
function watchRounds(around: (derive: () => Promise<ArrayBuffer>) => Promise<ArrayBuffer>): void {
  const { deriveBits } = crypto.subtle;
  crypto.subtle.deriveBits = (...args) => {
    const derive = () => deriveBits.apply(crypto.subtle, args);
    return (args[0] as { name: string }).name === "PBKDF2" ? around(derive) : derive();
  };
  release = () => {
    crypto.subtle.deriveBits = deriveBits;
  };
}

test("the setting limits hashing and waiting requests, and the rest is rejected without hashing", async () => {
  const service = createService({ HASHES_IN_FLIGHT_MAX: HASHES, PASSWORD_HASH_ROUNDS: ROUNDS });
  const held = hold();
  const admitted = Array.from({ length: HASHES }, () => ask(service, PUBLIC, null));
  await eventually(() => held.waiting() === 1);
  // Each is rejected while the first is held: none of them waits for it.
  for (let count = 0; count < 10; count += 1) {
    expect(await ask(service, PUBLIC, null)).toEqual(UNAVAILABLE);
  }
  expect(held.waiting()).toBe(1);
  held.release();
  expect(await Promise.all(admitted)).toEqual(admitted.map(() => SUCCESS));
  expect(await ask(service, PUBLIC, null)).toEqual(SUCCESS);
});

test("the sign-in page blames no failed attempts for it", async () => {
  const service = createService({ HASHES_IN_FLIGHT_MAX: 1, PASSWORD_HASH_ROUNDS: ROUNDS });
  const browser = newBrowser(service);
  const page = await browser.open("/o/account/");
  const held = hold();
  const admitted = ask(service, PUBLIC, null);
  await eventually(() => held.waiting() === 1);
  const { status, headers, text } = await browser.signIn(page);
  expect([status, headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(text).toContain("Signing in does not work at the moment.");
  held.release();
  expect(await admitted).toEqual(SUCCESS);
});

test("users do not wait for client secrets, which any caller can make up", async () => {
  const service = createService({ HASHES_IN_FLIGHT_MAX: 1, PASSWORD_HASH_ROUNDS: ROUNDS });
  const held = hold();
  const grant = { grant_type: "client_credentials" };
  const forged = ask(service, grant, "nobody:secret");
  await eventually(() => held.waiting() === 1);
  const login = ask(service, PUBLIC, null);
  await eventually(() => held.waiting() === 2);
  held.release();
  expect(await login).toEqual(SUCCESS);
  expect(await forged).toMatchObject({ status: 401 });
});

test("one password is hashed after the other", async () => {
  const service = createService({ PASSWORD_HASH_ROUNDS: ROUNDS });
  let inFlight = 0;
  let most = 0;
  watchRounds(async (derive) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    const bits = await derive();
    await scheduler.wait(1);
    inFlight -= 1;
    return bits;
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(service, PUBLIC, null)));
  expect(answers).toEqual(answers.map(() => SUCCESS));
  expect(most).toBe(1);
});

test("a request of a few event-loop turns waits for one round at most", async () => {
  const service = createService({ PASSWORD_HASH_ROUNDS: ROUNDS });
  const login = await logIn(service);
  const order: string[] = [];
  watchRounds((derive) => {
    order.push("round");
    return derive();
  });
  const hashed = ask(service, PUBLIC, null).then(() => order.push("login"));
  await eventually(() => order.length > 0);
  const before = order.length;
  await service.fetch("/o/.well-known/jwks.json");
  // A server also reads the request, starts the Worker and sends the response.
  for (let turns = 0; turns < 2; turns += 1) await scheduler.wait(0);
  expect(order.length).toBeLessThanOrEqual(before + 1);
  await hashed;
  expect(order.at(-1)).toBe("login");
  expect(granted(await refresh(service, login.refresh_token)).access_token).toBeTruthy();
});

test("another request has its turn between two passwords, as between two rounds", async () => {
  const service = createService({ PASSWORD_HASH_ROUNDS: ROUNDS });
  const { promise: isDone, resolve: done } = Promise.withResolvers<void>();
  let rounds = 0;
  watchRounds(async (derive) => {
    rounds += 1;
    const bits = await derive();
    if (rounds === ROUNDS) done();
    return bits;
  });
  const logins = [ask(service, PUBLIC, null), ask(service, PUBLIC, null)];
  await isDone;
  for (let turns = 0; turns < 2; turns += 1) await scheduler.wait(0);
  expect(rounds).toBe(ROUNDS);
  expect(await Promise.all(logins)).toEqual([SUCCESS, SUCCESS]);
  expect(rounds).toBe(2 * ROUNDS);
});

test("a caller who disconnects does not block others for long", async () => {
  const service = createService({ HASHES_IN_FLIGHT_MAX: 1, PASSWORD_HASH_ROUNDS: 1 });
  const held = hold();
  // Its request is dropped as the platform does it: nothing behind an await ever runs.
  const abandoned = ask(service, PUBLIC, null);
  await eventually(() => held.waiting() === 1);
  expect(await ask(service, PUBLIC, null)).toEqual(UNAVAILABLE);
  passSeconds(4);
  const next = ask(service, PUBLIC, null);
  await eventually(() => held.waiting() === 2);
  held.release();
  expect(await next).toEqual(SUCCESS);
  await abandoned;
});

test("a client's secret that is remembered, a refresh and a forged token need no turn", async () => {
  const service = createService({ HASHES_IN_FLIGHT_MAX: 1, PASSWORD_HASH_ROUNDS: 1 });
  const { refresh_token } = await logIn(service);
  const held = hold();
  const waiting = ask(service, PUBLIC, null);
  await eventually(() => held.waiting() === 1);
  expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  expect(await refresh(service, "forged")).toMatchObject({ status: 400 });
  held.release();
  expect(await waiting).toEqual(SUCCESS);
});

test("a request that is rejected for that is not counted as a failure", async () => {
  const limited = createLimitedService({ USER_FAILURES_FREE: 2, HASHES_IN_FLIGHT_MAX: 1 });
  const held = hold();
  const first = limited.logIn({}, { credentials: null });
  await eventually(() => held.waiting() === 1);
  for (let count = 0; count < 5; count += 1) {
    expect(await limited.logIn({}, { credentials: null })).toEqual(UNAVAILABLE);
    await scheduler.wait(20);
  }
  held.release();
  expect(await first).toEqual(SUCCESS);
  await limited.settle();
  const wrong = await limited.logIn({ password: "wrong" }, { credentials: null });
  expect(wrong).toEqual(INVALID_CREDENTIALS);
});

test("a failing call to the failure counter is an outage, before any hashing", async () => {
  const service = createService({ ...failingBindings("failures.admit"), RATE_LIMITS: "on" });
  const derivations = await derivationsOf(async () => {
    expect(await ask(service, PUBLIC, null)).toEqual(UNAVAILABLE);
  });
  expect(derivations).toEqual([]);
});

test("a failing address filter lets every request through", async () => {
  const service = createService({ ...failingBindings("address.limit"), RATE_LIMITS: "on" });
  const headers = { "CF-Connecting-IP": "192.0.2.9" };
  const body = new URLSearchParams(PUBLIC);
  const answer = await service.fetch("/o/token/", { method: "POST", headers, body });
  expect(answer.status).toBe(200);
});
