import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ADDRESS_PERIOD_SECONDS } from "../../src/rate-limit/address-filter.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { derivationsOf } from "../support/derivations.ts";
import { type Caller, createLimitedService, freshAddress } from "../support/limited.ts";
import { basic, logIn, post } from "../support/requests.ts";
import { INVALID_CLIENT, INVALID_CREDENTIALS, refusal, SUCCESS } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const PUBLIC = null;
const FREE = 3;
const SETTINGS = { USER_FAILURES_FREE: FREE, CLIENT_FAILURES_FREE: 20 };
/** Beyond what any test fails through a client. */
const PATIENT_CLIENT = { ...SETTINGS, CLIENT_FAILURES_FREE: 100_000 };
const HOME = "192.0.2.7";

const throttled = (seconds: number) => {
  const description = "There were too many attempts. Wait before the next.";
  return refusal(429, "slow_down", description, { "retry-after": String(seconds) });
};

/** Users who return to a client, of whom it has few enough failures free to limit some. */
const RETURNING = 8;

const numbered = (name: string, count: number) => {
  return Array.from({ length: count }, (_, n) => `${name}${n + 1}`);
};

beforeAll(async () => {
  const service = createService();
  await registerDefaults(service);
  // All have the password of the default user, which is hashed once.
  const password_record = await env.DB.prepare("SELECT password_record FROM users").first(
    "password_record",
  );
  const named = [...numbered("user", 60), ...numbered("returning", RETURNING)];
  const users = named.map((username) => ({ username, password_record }));
  const ids = ["shop", "kiosk", "desk", "lobby", "till", "stall", ...numbered("web", 5)];
  const clients = ids.map((client_id) => ({ client_id, client_secret: "secret" }));
  await service.register({ users, clients });
});

stopClock();

/** A user for each test, since what fails for one stays. */
let users = 0;
const newUser = () => {
  users += 1;
  return `user${users}`;
};

/** Fails as often as is free, from anywhere. */
async function useUpFree(
  logIn: ReturnType<typeof createLimitedService>["logIn"],
  username: string,
): Promise<void> {
  for (let count = 0; count < FREE; count += 1) {
    await logIn({ username, password: "wrong" }, { credentials: PUBLIC });
  }
}

describe("wrong passwords for one name", () => {
  test.each([
    ["a user", newUser],
    ["an unknown name", () => `unknown ${Math.random()}`],
  ])("are slowed down, longer each time, the same for %s", async (_, nameOf) => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const guess = { username: nameOf(), password: "wrong" };
    for (let count = 0; count < FREE; count += 1) {
      expect(await logIn(guess, { credentials: PUBLIC })).toEqual(INVALID_CREDENTIALS);
    }
    for (const seconds of [1, 2, 4, 8]) {
      expect(await logIn(guess, { credentials: PUBLIC })).toEqual(throttled(seconds));
      passSeconds(seconds);
      expect(await logIn(guess, { credentials: PUBLIC })).toEqual(INVALID_CREDENTIALS);
    }
  });

  test("are never slowed down for longer than the setting says", async () => {
    const { logIn } = createLimitedService({
      ...PATIENT_CLIENT,
      FAILURE_DELAY_SECONDS_MAX: 5,
    });
    const guess = { username: newUser(), password: "wrong" };
    for (let count = 0; count < 10; count += 1) {
      await logIn(guess);
      passSeconds(5);
    }
    await logIn(guess);
    expect(await logIn(guess)).toEqual(throttled(5));
  });

  test("are counted exactly: of a hundred at once no more than the free ones are hashed", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const guess = { username: newUser(), password: "wrong" };
    // The client's own secret is remembered first.
    await logIn();
    const answers: unknown[] = [];
    const derivations = await derivationsOf(async () => {
      const guesses = Array.from({ length: 100 }, () => logIn(guess, { credentials: PUBLIC }));
      answers.push(...(await Promise.all(guesses)));
    });
    expect(derivations).toHaveLength(FREE);
    const hashed = answers.filter((answer) => (answer as { status: number }).status === 400);
    expect(hashed).toHaveLength(FREE);
  });

  test("hold up a right one from elsewhere, and it is not hashed either", async () => {
    const { logIn, takeCounts } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    await useUpFree(logIn, username);
    takeCounts();
    const derivations = await derivationsOf(async () => {
      expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(throttled(1));
    });
    expect(derivations).toEqual([]);
    const { "d1.batch": lookUps, "failures.admit": asked, ...others } = takeCounts();
    expect({ lookUps, asked, others }).toEqual({
      lookUps: 1,
      asked: 1,
      others: { "address.limit": 1 },
    });
  });

  test("do not lock out a user who has logged in from the same address", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    const home = { address: HOME, credentials: PUBLIC };
    expect(await logIn({ username }, home)).toEqual(SUCCESS);
    for (let count = 0; count < 30; count += 1) {
      await logIn({ username, password: `guess ${count}` }, { credentials: PUBLIC });
    }
    expect(await logIn({ username }, { credentials: PUBLIC })).toMatchObject({ status: 429 });
    expect(await logIn({ username }, home)).toEqual(SUCCESS);
    // Nor does that login give the guesser anything.
    expect(await logIn({ username }, { credentials: PUBLIC })).toMatchObject({ status: 429 });
  });

  test("do not lock out a user who has logged in through the same server", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    const shop = { credentials: "shop:secret", address: HOME };
    expect(await logIn({ username }, shop)).toEqual(SUCCESS);
    await useUpFree(logIn, username);
    expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(throttled(1));
    const elsewhere = { credentials: "shop:secret" };
    expect(await logIn({ username }, elsewhere)).toEqual(throttled(1));
    expect(await logIn({ username }, shop)).toEqual(SUCCESS);
  });

  test("through a public client make no origin known: any caller can use its id", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(SUCCESS);
    await useUpFree(logIn, username);
    expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(throttled(1));
  });

  test("from a known origin are limited too, by a counter of their own", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    const home = { address: HOME, credentials: PUBLIC };
    await logIn({ username }, home);
    for (let count = 0; count < FREE; count += 1) {
      expect(await logIn({ username, password: "wrong" }, home)).toEqual(INVALID_CREDENTIALS);
    }
    expect(await logIn({ username }, home)).toEqual(throttled(1));
    expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(SUCCESS);
  });

  test("are not counted before the client is authenticated", async () => {
    const { logIn, takeCounts } = createLimitedService(SETTINGS);
    const username = newUser();
    for (let count = 0; count < 2 * FREE; count += 1) {
      expect(await logIn({ username }, { credentials: "client:wrong" })).toEqual(INVALID_CLIENT);
    }
    takeCounts();
    expect(await logIn({ username }, { credentials: PUBLIC })).toEqual(SUCCESS);
  });
});

describe("wrong passwords through one client", () => {
  const BULK = { USER_FAILURES_FREE: 10, CLIENT_FAILURES_FREE: 5 };
  const guess = (n: number) => ({ username: `stuffed ${n} ${users}`, password: "stolen" });

  test("limit unknown callers, but no user who has logged in from there", async () => {
    const { logIn } = createLimitedService(BULK);
    const username = newUser();
    const kiosk = { credentials: "kiosk:secret" };
    expect(await logIn({ username }, { credentials: PUBLIC, address: HOME })).toEqual(SUCCESS);
    for (let n = 0; n < 5; n += 1) {
      expect(await logIn(guess(n), kiosk)).toEqual(INVALID_CREDENTIALS);
    }
    expect(await logIn(guess(5), kiosk)).toEqual(throttled(1));
    expect(await logIn({ username: newUser() }, kiosk)).toEqual(throttled(1));
    expect(await logIn({ username }, { ...kiosk, address: HOME })).toEqual(SUCCESS);
    expect(await logIn(guess(6), { credentials: "desk:secret" })).toEqual(INVALID_CREDENTIALS);
  });

  test("let unknown callers try one at a time, counted over all isolates", async () => {
    const once = { ...BULK, USER_FAILURES_FREE: 1 };
    const isolates = [createLimitedService(once), createLimitedService(once)] as const;
    const desk = { credentials: "desk:secret" };
    for (let n = 10; n < 15; n += 1) {
      for (const { logIn } of isolates) await logIn(guess(n), desk);
    }
    passSeconds(900);
    const tries = Array.from({ length: 20 }, (_, n) => isolates[n % 2]?.logIn(guess(20 + n), desk));
    const statuses = (await Promise.all(tries)).map((answer) => answer?.status);
    expect(statuses.filter((status) => status === 400)).toHaveLength(1);
    expect(statuses.filter((status) => status === 429)).toHaveLength(19);
    // Who was held up for the client's sake has not failed.
    const heldUp = statuses.indexOf(429);
    const again = await isolates[0].logIn(guess(20 + heldUp), { credentials: "client:secret" });
    expect(again).toEqual(INVALID_CREDENTIALS);
  });

  test("are not reset by successful logins between them", async () => {
    const { logIn } = createLimitedService(BULK);
    const lobby = { credentials: "lobby:secret" };
    const username = newUser();
    expect(await logIn({ username }, { ...lobby, address: HOME })).toEqual(SUCCESS);
    for (let n = 70; n < 75; n += 1) {
      expect(await logIn(guess(n), lobby)).toEqual(INVALID_CREDENTIALS);
    }
    for (let count = 0; count < 5; count += 1) {
      expect(await logIn({ username }, { ...lobby, address: HOME })).toEqual(SUCCESS);
    }
    // Until one of five is forgotten.
    passSeconds(3600 / 5 + 1);
    expect(await logIn(guess(75), lobby)).toEqual(INVALID_CREDENTIALS);
    expect(await logIn(guess(76), lobby)).toMatchObject({ status: 429 });
  });

  test("are made up for by right ones, so that a busy client is not taken for an attacked one", async () => {
    const { logIn } = createLimitedService(BULK);
    const shop = { credentials: "shop:secret" };
    for (let n = 30; n < 40; n += 1) {
      expect(await logIn({ username: newUser() }, shop)).toEqual(SUCCESS);
      expect(await logIn({ username: newUser() }, shop)).toEqual(SUCCESS);
      expect(await logIn(guess(n), shop)).toEqual(INVALID_CREDENTIALS);
    }
  });

  test("are made up for by one user once, not at each login", async () => {
    const { logIn } = createLimitedService(BULK);
    const till = { credentials: "till:secret" };
    const username = newUser();
    const statuses: number[] = [];
    for (let n = 80; n < 90; n += 1) {
      expect(await logIn({ username }, { ...till, address: HOME })).toEqual(SUCCESS);
      statuses.push((await logIn(guess(n), till)).status);
    }
    // Five are free, and there was nothing yet to make up for.
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429, 429, 429, 429]);
  });

  test("of users who are known there do not limit unknown callers", async () => {
    const { logIn } = createLimitedService(BULK);
    const stall = { credentials: "stall:secret" };
    const atHome = { ...stall, address: HOME };
    const username = newUser();
    expect(await logIn({ username }, atHome)).toEqual(SUCCESS);
    for (let n = 90; n < 95; n += 1) {
      expect(await logIn(guess(n), stall)).toEqual(INVALID_CREDENTIALS);
    }
    expect(await logIn(guess(96), stall)).toEqual(throttled(1));
    for (let count = 0; count < 5; count += 1) {
      expect(await logIn({ username, password: "typo" }, atHome)).toEqual(INVALID_CREDENTIALS);
    }
    passSeconds(1);
    expect(await logIn(guess(96), stall)).toEqual(INVALID_CREDENTIALS);
  });
});

describe("stuffing through a client with a secret", () => {
  const BULK = { USER_FAILURES_FREE: 10, CLIENT_FAILURES_FREE: 5 };
  const names = numbered("returning", RETURNING);

  /** Users log in through a client. */
  async function returningUsers(caller: (n: number) => Caller): Promise<void> {
    const { logIn } = createLimitedService(BULK);
    for (const [n, username] of names.entries()) {
      expect(await logIn({ username }, caller(n))).toEqual(SUCCESS);
    }
  }

  async function hashedOf(caller: (n: number) => Caller): Promise<number> {
    const { logIn } = createLimitedService(BULK);
    let hashed = 0;
    for (const [n, username] of names.entries()) {
      const { status } = await logIn({ username, password: "stolen" }, caller(n));
      if (status === 400) hashed += 1;
    }
    return hashed;
  }

  const forwarded = (address: string) => ({ "Tollgate-Forwarded-For": address });
  const served = (n: number) => `198.51.100.${n}`;

  test.each<[string, string, (n: number) => Caller, (n: number) => Caller]>([
    ["web1", "from many addresses", () => ({}), () => ({})],
    ["web2", "from the one server", () => ({ address: HOME }), () => ({ address: HOME })],
    [
      "web3",
      "by a server that names its user's address",
      (n) => ({ address: HOME, headers: forwarded(served(n)) }),
      (n) => ({ address: HOME, headers: forwarded(`2001:db8:${n}::1`) }),
    ],
    [
      "web4",
      "of users who share one address",
      () => ({ address: HOME, headers: forwarded("198.51.100.250") }),
      () => ({ address: HOME, headers: forwarded("198.51.100.250") }),
    ],
  ])("%s is bounded for returning users, %s", async (client_id, _, home, attack) => {
    const credentials = `${client_id}:secret`;
    await returningUsers((n) => ({ credentials, ...home(n) }));
    expect(await hashedOf((n) => ({ credentials, ...attack(n) }))).toBe(5);
  });

  test("does not limit a user at an address where they logged in before", async () => {
    const { logIn } = createLimitedService(BULK);
    const web = { credentials: "web5:secret", address: HOME };
    const [ada, eve] = [{ ...web, headers: forwarded("2001:db8::7") }, web];
    const username = newUser();
    expect(await logIn({ username }, ada)).toEqual(SUCCESS);
    for (let n = 0; n < 30; n += 1) {
      await logIn({ username, password: "wrong" }, { ...eve, headers: forwarded(served(n)) });
    }
    const elsewhere = { ...eve, headers: forwarded(served(99)) };
    expect(await logIn({ username }, elsewhere)).toMatchObject({ status: 429 });
    // The same /64.
    const moved = { ...ada, headers: forwarded("2001:db8::8") };
    expect(await logIn({ username }, moved)).toEqual(SUCCESS);
  });

  test("ignores the header of public clients, and rejects what is no address", async () => {
    const { logIn } = createLimitedService({ ...BULK, CLIENT_FAILURES_FREE: 100_000 });
    const username = newUser();
    const home = { headers: forwarded(served(1)), credentials: PUBLIC };
    expect(await logIn({ username }, { ...home, address: HOME })).toEqual(SUCCESS);
    for (let n = 0; n < 10; n += 1) {
      await logIn({ username, password: "wrong" }, { credentials: PUBLIC });
    }
    expect(await logIn({ username }, home)).toEqual(throttled(1));
    expect(await logIn({}, { credentials: PUBLIC, headers: forwarded("x") })).toEqual(SUCCESS);
    const description = "Tollgate-Forwarded-For is not one IP address.";
    for (const address of ["x", "1.2.3.4, 5.6.7.8", "1.2.3.400", "1.2.3.4:80", "::1%eth0", "::g"]) {
      const answer = await logIn({}, { headers: forwarded(address) });
      expect(answer).toEqual(refusal(400, "invalid_request", description));
    }
  });
});

describe("free guesses are as many", () => {
  /** Guesses until the first that is held up. */
  async function freeGuesses(username: string, caller: Caller): Promise<number> {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    for (let count = 0; ; count += 1) {
      const { status } = await logIn({ username, password: "wrong" }, caller);
      if (status === 429) return count;
      passSeconds(0.3);
    }
  }

  test.each<[string, Caller]>([
    ["from elsewhere", { credentials: "shop:secret" }],
    ["through the same server", { credentials: "shop:secret", address: "192.0.2.77" }],
  ])("for a returning user as for an unknown one, %s", async (_, caller) => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const username = newUser();
    const server = { credentials: "shop:secret", address: "192.0.2.77" };
    expect(await logIn({ username }, server)).toEqual(SUCCESS);
    expect(await freeGuesses(`unknown ${Math.random()}`, caller)).toBe(FREE);
    expect(await freeGuesses(username, caller)).toBe(FREE);
  });

  test("for one name however it is spelled", async () => {
    const { logIn } = createLimitedService(PATIENT_CLIENT);
    const spellings = ["Zo\u00eb", "ZO\u00cb", "zoe\u0308"];
    for (const username of spellings) {
      expect((await logIn({ username, password: "wrong" })).status).toBe(400);
    }
    expect(await logIn({ username: "ZOE\u0308", password: "wrong" })).toEqual(throttled(1));
  });
});

describe("wrong secrets for one client id", () => {
  const FEW = { CLIENT_FAILURES_FREE: FREE };
  const grant = { grant_type: "client_credentials" };

  test.each([["kiosk"], ["no-such-client"]])("are slowed down, the same for %s", async (id) => {
    const { ask } = createLimitedService(FEW);
    const credentials = `${id}:wrong`;
    for (let count = 0; count < FREE; count += 1) {
      expect(await ask(grant, { credentials })).toEqual(INVALID_CLIENT);
    }
    const derivations = await derivationsOf(async () => {
      expect(await ask(grant, { credentials })).toEqual(throttled(1));
    });
    expect(derivations).toEqual([]);
  });

  test("do not limit a client that authenticated from there, or in this isolate", async () => {
    const { ask } = createLimitedService(FEW);
    const server = { address: HOME, credentials: "client:secret" };
    passSeconds(900);
    expect(await ask(grant, server)).toMatchObject({ status: 200 });
    for (let count = 0; count < 2 * FREE; count += 1) {
      await ask(grant, { credentials: "client:wrong" });
    }
    expect(await ask(grant, { credentials: "client:wrong" })).toMatchObject({ status: 429 });
    // Remembered here, so that nothing is asked.
    expect(await ask(grant)).toMatchObject({ status: 200 });
    const other = createLimitedService(FEW);
    expect(await other.ask(grant)).toMatchObject({ status: 429 });
    expect(await other.ask(grant, server)).toMatchObject({ status: 200 });
  });
});

describe("requests of one address", () => {
  /** As wrangler.toml has it. */
  const LIMIT = 100;
  /** More than two periods let through, should one end and the next begin meanwhile. */
  const FLOOD = 2 * LIMIT + 20;
  const forged = { grant_type: "refresh_token", refresh_token: "forged" };

  test("are let through so often in a while, and then cost no look-up", async () => {
    const { ask, takeCounts } = createLimitedService();
    const caller = { address: freshAddress(), credentials: PUBLIC };
    const answers = await Promise.all(Array.from({ length: FLOOD }, () => ask(forged, caller)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(20);
    expect(refused[0]).toEqual(throttled(ADDRESS_PERIOD_SECONDS));
    const letThrough = FLOOD - refused.length;
    expect(takeCounts()).toEqual({ "address.limit": FLOOD, "d1.batch": letThrough });
  });

  test("are those of its whole /64, and what the caller says of its address is nothing", async () => {
    const { ask } = createLimitedService();
    const answers = await Promise.all(
      Array.from({ length: FLOOD }, (_, n) => {
        const address = `2001:db8:5:6:${n.toString(16)}::1`;
        const headers = {
          "X-Forwarded-For": freshAddress(),
          "X-Real-IP": freshAddress(),
          "True-Client-IP": freshAddress(),
          Forwarded: `for=${freshAddress()}`,
        };
        return ask(forged, { address, headers, credentials: PUBLIC });
      }),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(20);
  });

  test.each([
    ["a client that asks about a token", "/o/introspect/", basic("client2:wrong")],
    ["the holder of a token that was good once", "/o/introspect/", { Authorization: "Bearer OLD" }],
    ["a page that asks what it may", "/o/token/", { Origin: "https://app.example.com" }],
    ["a monitor", "/healthz", {}],
  ])("cost no look-up either by %s", async (_, path, headers) => {
    const { service, settle, takeCounts } = createLimitedService();
    const login = await logIn(service);
    const revocation = new URLSearchParams({ token: login.refresh_token });
    await post(service, revocation, basic("client:secret"), "/o/revoke_token/");
    await settle();
    takeCounts();
    const address = freshAddress();
    const isPreflight = "Origin" in headers;
    const isQuestion = path === "/o/introspect/";
    const method = isPreflight ? "OPTIONS" : isQuestion ? "POST" : "GET";
    const old = Object.entries(headers).map(([name, value]) => {
      return [name, value.replace("OLD", login.access_token)];
    });
    const body = isQuestion ? new URLSearchParams({ token: login.access_token }) : null;
    const responses = await Promise.all(
      Array.from({ length: FLOOD }, () => {
        const from = { ...Object.fromEntries(old), "CF-Connecting-IP": address };
        return service.fetch(path, { method, headers: from, body });
      }),
    );
    await settle();
    // Others are too many at once for the family of the token.
    const refused = responses.filter(({ headers }) => {
      return headers.get("Retry-After") === String(ADDRESS_PERIOD_SECONDS);
    });
    expect(refused.length).toBeGreaterThanOrEqual(20);
    const { "address.limit": asked, ...lookUps } = takeCounts();
    expect(asked).toBe(FLOOD);
    expect(Object.keys(lookUps)).not.toEqual([]);
    for (const count of Object.values(lookUps)) {
      // A token and its holder are looked up side by side.
      expect(count).toBeLessThanOrEqual(2 * (FLOOD - refused.length));
    }
  });

  test("are not counted once a token from there has turned out good", async () => {
    const { service, takeCounts } = createLimitedService();
    const scope = "read introspection";
    await service.register({ clients: [{ client_id: "api", client_secret: "secret", scope }] });
    const { body } = await service.token(LOGIN, "api:secret");
    const { access_token } = body as { access_token: string };
    const headers = {
      Authorization: `Bearer ${access_token}`,
      "CF-Connecting-IP": freshAddress(),
    };
    const introspect = () => {
      const body = new URLSearchParams({ token: access_token });
      return service.fetch("/o/introspect/", { method: "POST", headers, body });
    };
    expect((await introspect()).status).toBe(200);
    takeCounts();
    for (let count = 0; count < FLOOD; count += 1) expect((await introspect()).status).toBe(200);
    expect(takeCounts()["address.limit"]).toBeUndefined();
  });

  test("are not counted once a client has proved itself from there", async () => {
    const { ask, takeCounts } = createLimitedService();
    const caller = { address: freshAddress() };
    const grant = { grant_type: "client_credentials" };
    expect(await ask(grant, caller)).toMatchObject({ status: 200 });
    takeCounts();
    const answers = await Promise.all(Array.from({ length: FLOOD }, () => ask(forged, caller)));
    expect(answers.every(({ status }) => status === 400)).toBe(true);
    expect(takeCounts()["address.limit"]).toBeUndefined();
    // Neither a public client, which proves nothing, nor another one is trusted for that.
    await ask(forged, { ...caller, credentials: PUBLIC });
    await ask(forged, { ...caller, credentials: PUBLIC });
    await ask(forged, { ...caller, credentials: "client2:wrong" });
    expect(takeCounts()["address.limit"]).toBe(3);
  });
});

test("RATE_LIMITS off counts nothing", async () => {
  const { logIn, takeCounts } = createLimitedService({ ...SETTINGS, RATE_LIMITS: "off" });
  const username = newUser();
  for (let count = 0; count < 3 * FREE; count += 1) {
    const answer = await logIn({ ...LOGIN, username, password: "wrong" }, { address: HOME });
    expect(answer).toEqual(INVALID_CREDENTIALS);
  }
  expect(takeCounts()).toEqual({ "d1.batch": 3 * FREE });
});
