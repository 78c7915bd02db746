import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors } from "../support/faulty.ts";
import { type Intercept, interceptBindings } from "../support/interception.ts";
import { ask, logIn, refresh } from "../support/requests.ts";
import { INVALID_CREDENTIALS, SUCCESS } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";

/** Records of "correct horse" as Django makes them (made by Python's hashlib.pbkdf2_hmac). */
const DJANGO_RECORDS = {
  "within one call of WebCrypto":
    "pbkdf2_sha256$50000$wqLyd8aOtXeMkZ3nV5hBcs$gqJDhtnhiTtv7iyJRpYIPiK5mr52Y3yz9OlGGIINAac=",
  "beyond one call of WebCrypto":
    "pbkdf2_sha256$100001$P0rTeR7uYgHbNmKl4Jq2Wa$EnphNIhPjtUMJGR/PTJ/+Eturh7WWtVc+7u4A4gJXt0=",
};
const DJANGO = DJANGO_RECORDS["within one call of WebCrypto"];

const OURS = /^\$pbkdf2-sha256\$r=1,i=100000\$[\w-]{22}\$[\w-]{43}$/;
const GRACE = { ...LOGIN, username: "grace" };

/** Beyond one call of WebCrypto a derivation takes a second, and more on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

const { service, costOf } = createCountedService();

beforeAll(() => registerDefaults(service));
beforeEach(() => setRecord(DJANGO));
captureErrors();

/** Puts a user into D1 as an import does. */
async function setRecord(record: string, isActive = 1): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM users WHERE username = 'grace'"),
    env.DB.prepare(
      "INSERT INTO users (id, username, password_record, is_active) VALUES (?, 'grace', ?, ?)",
    ).bind(crypto.randomUUID(), record, isActive),
  ]);
}

async function storedRecord(): Promise<string> {
  const query = "SELECT password_record FROM users WHERE username = 'grace'";
  return (await env.DB.prepare(query).first<string>("password_record")) ?? "";
}

/** Waits for what goes on after the response. */
const rehashed = () => eventually(async () => OURS.test(await storedRecord()));

/** A service whose writes to D1 go through `intercept`. */
function overWrites(intercept: (proceed: () => Promise<unknown>) => Promise<unknown>) {
  const seen = { writes: 0 };
  const all: Intercept = (operation, proceed) => {
    if (operation !== "d1.run") return proceed();
    seen.writes += 1;
    return intercept(proceed);
  };
  return { seen, service: createService({ ...interceptBindings(all) }) };
}

describe("a record of Django's", () => {
  test.each(Object.entries(DJANGO_RECORDS))("%s logs its user in", async (_, record) => {
    await setRecord(record);
    expect(await ask(service, GRACE)).toEqual(SUCCESS);
    await rehashed();
  });

  test("is replaced at the first login, and ours is used from then on", async () => {
    const { refresh_token } = await logIn(service, GRACE);
    await rehashed();
    const record = await storedRecord();
    const { answer, cost } = await costOf(() => ask(service, GRACE));
    expect(answer).toEqual(SUCCESS);
    expect(cost).toEqual({ "d1.batch": 2, "kv.put": 1, "family.start": 1, pbkdf2: 1 });
    expect(await storedRecord()).toBe(record);
    expect(await ask(service, { ...GRACE, password: "wrong" })).toEqual(INVALID_CREDENTIALS);
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });

  test("is replaced once by two logins at once", async () => {
    const replaced: string[] = [];
    const { service: watched, seen } = overWrites(async (proceed) => {
      const result = await proceed();
      replaced.push(await storedRecord());
      return result;
    });
    const answers = await Promise.all([ask(watched, GRACE), ask(watched, GRACE)]);
    expect(answers).toEqual([SUCCESS, SUCCESS]);
    await eventually(() => replaced.length === 2);
    expect(seen.writes).toBe(2);
    expect(replaced[0]).toMatch(OURS);
    expect(replaced[1]).toBe(replaced[0]);
    expect(await ask(service, GRACE)).toEqual(SUCCESS);
  });
});

describe("a record of Django's is not replaced", () => {
  test("after a wrong password", async () => {
    expect(await ask(service, { ...GRACE, password: "wrong" })).toEqual(INVALID_CREDENTIALS);
    expect(await storedRecord()).toBe(DJANGO);
  });

  test("when the password was changed concurrently", async () => {
    const newer = DJANGO_RECORDS["beyond one call of WebCrypto"];
    const done = Promise.withResolvers<void>();
    const { service: slow } = overWrites(async (proceed) => {
      const change = "UPDATE users SET password_record = ? WHERE username = 'grace'";
      await env.DB.prepare(change).bind(newer).run();
      const result = await proceed();
      done.resolve();
      return result;
    });
    expect(await ask(slow, GRACE)).toEqual(SUCCESS);
    await done.promise;
    expect(await storedRecord()).toBe(newer);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("full"))],
    ["never answers", () => new Promise(() => undefined)],
  ])("when D1 %s, and the login succeeds", async (_, intercept) => {
    const { service: failing, seen } = overWrites(intercept);
    expect(await ask(failing, GRACE)).toEqual(SUCCESS);
    await eventually(() => seen.writes === 1);
    expect(await storedRecord()).toBe(DJANGO);
    expect(await ask(service, GRACE)).toEqual(SUCCESS);
    await rehashed();
  });

  test("for an inactive user", async () => {
    await setRecord(DJANGO, 0);
    const { answer, cost } = await costOf(() => ask(service, GRACE));
    expect(answer).toEqual(INVALID_CREDENTIALS);
    expect(cost).toMatchObject({ "d1.batch": 1 });
    expect(await storedRecord()).toBe(DJANGO);
  });
});

describe("a record that is", () => {
  test.each([
    ["unusable", "!QhQ2mB1yFJ4Yx0XyAr8CeHjtPZu1GmWn3bKs5dLv"],
    ["unusable for a hash behind it", `!${DJANGO}`],
    ["of too many iterations", DJANGO.replace("50000", "2000001")],
    ["of no iterations", DJANGO.replace("50000", "0")],
    ["of another algorithm", DJANGO.replace("pbkdf2_sha256", "pbkdf2_sha1")],
    ["unreadable", DJANGO.slice(0, -1)],
    ["a plain password", "correct horse"],
    ["sealed by no pepper", "$sealed$AAAA"],
  ])("%s allows no login", async (_, record) => {
    await setRecord(record);
    expect(await ask(service, GRACE)).toEqual(INVALID_CREDENTIALS);
    expect(await ask(service, { ...GRACE, password: record })).toEqual(INVALID_CREDENTIALS);
    expect(await storedRecord()).toBe(record);
  });
});

describe("a record of ours is replaced too", () => {
  test("once the number of rounds has changed", async () => {
    await logIn(service, GRACE);
    await rehashed();
    const stronger = createService({ PASSWORD_HASH_ROUNDS: 2 });
    expect(await ask(stronger, GRACE)).toEqual(SUCCESS);
    await eventually(async () => (await storedRecord()).startsWith("$pbkdf2-sha256$r=2,"));
    expect(await ask(stronger, GRACE)).toEqual(SUCCESS);
  });

  test("once there is a pepper, and is nothing without it then", async () => {
    const peppered = createService({ PASSWORD_PEPPER: "c3".repeat(32) });
    // A client with a secret would have its own record sealed.
    const askIn = (one: Service) => ask(one, { ...GRACE, client_id: "public" }, null);
    expect(await askIn(peppered)).toEqual(SUCCESS);
    await eventually(async () => (await storedRecord()).startsWith("$sealed$"));
    expect(await askIn(peppered)).toEqual(SUCCESS);
    expect(await askIn(service)).toEqual(INVALID_CREDENTIALS);
  });
});
