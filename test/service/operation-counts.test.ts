import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_CREDENTIALS,
  INVALID_GRANT,
  INVALID_SCOPE,
  MISSING_GRANT_TYPE,
  SUCCESS,
  UNAUTHORIZED_CLIENT,
} from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const CLIENT_CREDENTIALS = { grant_type: "client_credentials" };

/** As in production; the tests at large use 1. */
const ROUNDS = 6;
const SETTINGS = { PASSWORD_HASH_ROUNDS: ROUNDS, RATE_LIMITS: "on" };

/** The calls to the failure counter before and after a hash. */
const FAILURE_COUNTER = { "failures.admit": 1, "failures.settle": 1 };

/** What fails counts for the client too. */
const FAILURE = { "failures.admit": 1, "failures.settle": 2 };

beforeAll(() => registerDefaults(createService(SETTINGS)));

/** An isolate that has never seen a client. */
const fresh = () => createCountedService(SETTINGS);

/** An isolate that remembers the client's secret. */
async function warm() {
  const counted = fresh();
  granted(await ask(counted.service, CLIENT_CREDENTIALS));
  return counted;
}

describe("a password grant costs", () => {
  // After the response the session is noted: the second batch.
  const storage = { "d1.batch": 2, "kv.put": 1, "family.start": 1, ...FAILURE_COUNTER };
  const firstUse = { "failures.admit": 2, "failures.settle": 2, pbkdf2: ROUNDS + 1 };

  test("one operation of each kind, and the client's one PBKDF2 once", async () => {
    const { service, costOf } = fresh();
    const first = await costOf(() => ask(service, LOGIN));
    expect(first).toEqual({ answer: SUCCESS, cost: { ...storage, ...firstUse } });
    const second = await costOf(() => ask(service, LOGIN));
    expect(second).toEqual({ answer: SUCCESS, cost: { ...storage, pbkdf2: ROUNDS } });
  });

  test("the user's PBKDF2 alone for a public client", async () => {
    const { service, costOf } = fresh();
    const { answer, cost } = await costOf(() => {
      return ask(service, { ...LOGIN, client_id: "public" }, null);
    });
    expect({ answer, cost }).toEqual({ answer: SUCCESS, cost: { ...storage, pbkdf2: ROUNDS } });
  });

  test.each([
    ["a wrong password", { password: "wrong" }, INVALID_CREDENTIALS, FAILURE],
    ["an unknown user", { username: "nobody" }, INVALID_CREDENTIALS, FAILURE],
    ["an unknown scope", { scope: "fly" }, INVALID_SCOPE, FAILURE_COUNTER],
  ])(
    "nothing but the look-up, the count and the hash for %s",
    async (_, fields, expected, count) => {
      const { service, costOf } = await warm();
      const { answer, cost } = await costOf(() => ask(service, { ...LOGIN, ...fields }));
      expect({ answer, cost }).toEqual({
        answer: expected,
        cost: { "d1.batch": 1, ...count, pbkdf2: ROUNDS },
      });
    },
  );
});

describe("a refresh costs", () => {
  const storage = { "d1.batch": 1, "kv.put": 1, "family.rotate": 1 };

  test("one operation of each kind, and no PBKDF2 once the secret is remembered", async () => {
    const { refresh_token } = await logIn(createService(SETTINGS));
    const { service, costOf } = fresh();
    const first = await costOf(() => refresh(service, refresh_token));
    expect(first).toEqual({ answer: SUCCESS, cost: { ...storage, ...FAILURE_COUNTER, pbkdf2: 1 } });
    const second = await costOf(() => {
      return refresh(service, granted(first.answer).refresh_token);
    });
    expect(second).toEqual({ answer: SUCCESS, cost: storage });
  });

  test("as much after a hundred generations as after one", async () => {
    const { service, costOf } = await warm();
    let { refresh_token } = await logIn(service);
    for (let count = 0; count < 100; count += 1) {
      refresh_token = granted(await refresh(service, refresh_token)).refresh_token;
    }
    const { cost } = await costOf(() => refresh(service, refresh_token));
    expect(cost).toEqual(storage);
  });

  test("no write of a token when the used one is retried", async () => {
    const { service, costOf } = await warm();
    const { refresh_token } = await logIn(service);
    granted(await refresh(service, refresh_token));
    const { answer, cost } = await costOf(() => refresh(service, refresh_token));
    expect({ answer, cost }).toEqual({
      answer: INVALID_GRANT,
      cost: { "d1.batch": 1, "family.rotate": 1 },
    });
  });

  test("no call to the family for what the look-up already rejects", async () => {
    const { service, costOf } = await warm();
    const { refresh_token } = await logIn(service, { client_id: "public" }, null);
    const { refresh_token: own } = await logIn(service, { scope: "read" });
    const lookUp = { "d1.batch": 1 };
    const another = await costOf(() => refresh(service, refresh_token));
    expect(another).toEqual({ answer: INVALID_GRANT, cost: lookUp });
    const wider = await costOf(() => refresh(service, own, { scope: "write" }));
    expect(wider).toEqual({ answer: INVALID_SCOPE, cost: lookUp });
    const forged = await costOf(() => refresh(service, `${own}A`));
    expect(forged).toEqual({ answer: INVALID_GRANT, cost: lookUp });
  });
});

describe("a resource costs no round trip, and one statement if the request depends on it:", () => {
  const [LISTED, STORED] = ["https://listed.example.com", "https://stored.example.com"];
  /** How many statements each batch has. */
  const batches: number[] = [];
  const DB = new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === "batch") batches.push((args[0] as unknown[]).length);
        return member.apply(target, args);
      };
    },
  });
  const service = createService({ ...SETTINGS, DB, RESOURCES: { [LISTED]: "read" } });
  const batchesOf = async <Answer>(work: () => Promise<Answer>) => {
    batches.length = 0;
    const answer = await work();
    return { answer, batches: [...batches] };
  };

  beforeAll(async () => {
    await env.DB.prepare("INSERT INTO resources (uri) VALUES (?)").bind(STORED).run();
    granted(await ask(service, CLIENT_CREDENTIALS));
  });

  test.each<[string, Record<string, string>, number]>([
    ["no resource", {}, 0],
    ["one of the setting", { resource: `${LISTED}/` }, 0],
    ["one of the management API", { resource: STORED }, 1],
  ])("%s", async (_, fields, more) => {
    const login = await batchesOf(() => logIn(service, fields));
    const { refresh_token } = login.answer;
    // The session is noted after the response.
    await eventually(() => batches.length === 2);
    expect(login.batches[0]).toBe(2 + more);
    const own = await batchesOf(() => ask(service, { ...CLIENT_CREDENTIALS, ...fields }));
    expect(own).toMatchObject({ answer: { status: 200 }, batches: [1 + more] });
    const refreshed = await batchesOf(() => refresh(service, refresh_token));
    expect(refreshed).toMatchObject({ answer: { status: 200 }, batches: [4 + more] });
  });

  test("an unknown one", async () => {
    const resource = "https://third.example.com";
    const own = await batchesOf(() => ask(service, { ...CLIENT_CREDENTIALS, resource }));
    expect(own).toMatchObject({ answer: { status: 400 }, batches: [2] });
  });
});

describe("client credentials cost", () => {
  test("nothing but the look-up when the client may not have them", async () => {
    const { service, costOf } = fresh();
    const { answer, cost } = await costOf(() => {
      return ask(service, { ...CLIENT_CREDENTIALS, client_id: "public" }, null);
    });
    expect({ answer, cost }).toEqual({ answer: UNAUTHORIZED_CLIENT, cost: { "d1.batch": 1 } });
  });
});

describe("a client's secret is remembered", () => {
  test("in its own isolate alone, and only when it is right", async () => {
    await warm();
    const { service, costOf } = await warm();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const wrong = await costOf(() => ask(service, CLIENT_CREDENTIALS, "client:wrong"));
      const cost = { "d1.batch": 1, ...FAILURE_COUNTER, pbkdf2: 1 };
      expect(wrong).toEqual({ answer: INVALID_CLIENT, cost });
    }
    const right = await costOf(() => ask(service, CLIENT_CREDENTIALS));
    expect(right.cost).toEqual({ "d1.batch": 1, "kv.put": 1 });
    const other = fresh();
    const again = await other.costOf(() => ask(other.service, CLIENT_CREDENTIALS));
    expect(again.cost).toMatchObject({ pbkdf2: 1 });
  });
});

describe("a request that is rejected for what it says costs nothing", () => {
  test.each([
    ["no grant_type", {}, MISSING_GRANT_TYPE],
    ["no refresh token", { grant_type: "refresh_token" }, { status: 400 }],
    ["no client", LOGIN, INVALID_CLIENT],
  ])("with %s", async (_, fields, expected) => {
    const { service, costOf } = fresh();
    const { answer, cost } = await costOf(() => ask(service, fields, null));
    expect(answer).toMatchObject(expected);
    expect(cost).toEqual({});
  });
});
