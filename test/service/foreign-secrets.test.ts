import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { rotateClientSecret } from "../../src/admin/client-secrets.ts";
import { createCountedService } from "../support/counting.ts";
import { DJANGO_RECORDS, secretRecordsOf, setSecretRecord } from "../support/django-records.ts";
import { eventually } from "../support/eventually.ts";
import { captureErrors, stopTimers } from "../support/faulty.ts";
import { failingBindings, interceptBindings } from "../support/interception.ts";
import { managementTools } from "../support/management.ts";
import { ask } from "../support/requests.ts";
import { INVALID_CLIENT, UNAVAILABLE } from "../support/responses.ts";
import { createService } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const RIGHT = "shop:correct horse";
const OURS = /^\$pbkdf2-sha256\$r=1,i=100000\$([\w-]{22})\$[\w-]{43}$/;
const GRANTED = { status: 200, body: { token_type: "Bearer" } };
const STORAGE = { "d1.batch": 1, "kv.put": 1 };

/** A derivation takes a second, and more where tests share a processor. */
vi.setConfig({ testTimeout: 120_000 });
stopTimers();
const plain = createService();
beforeEach(() => setSecretRecord(plain, "shop", DJANGO_RECORDS.long));

const call = (service = plain, credentials = RIGHT) => {
  return ask(service, { grant_type: "client_credentials" }, credentials);
};
const recordOf = async () => (await secretRecordsOf("shop"))[0];
const rehashed = () => eventually(async () => OURS.test((await recordOf()) ?? ""));

/** A service whose writes to D1 go through `intercept`. */
function overWrites(intercept: (proceed: () => Promise<unknown>) => Promise<unknown>) {
  const bindings = interceptBindings((operation, proceed) => {
    return operation === "d1.run" ? intercept(proceed) : proceed();
  });
  return createService({ ...bindings });
}

describe("a client's secret record of Django's", () => {
  test("takes an object at its first use, and one call of WebCrypto in the next isolate", async () => {
    const { service, costOf } = createCountedService();
    const first = await costOf(async () => {
      const answer = await call(service);
      await rehashed();
      return answer;
    });
    expect(first).toMatchObject({ answer: GRANTED });
    expect(first.cost).toEqual({ ...STORAGE, "password.derive": 1, "d1.run": 1, pbkdf2: 1 });
    const record = await recordOf();
    const next = createCountedService();
    const second = await next.costOf(() => call(next.service));
    expect(second).toMatchObject({ answer: GRANTED });
    expect(second.cost).toEqual({ ...STORAGE, pbkdf2: 1 });
    const wrong = await next.costOf(() => call(next.service, "shop:wrong"));
    expect(wrong).toEqual({ answer: INVALID_CLIENT, cost: { "d1.batch": 1, pbkdf2: 1 } });
    expect(await recordOf()).toBe(record);
  });

  test("that is short is replaced too", async () => {
    await setSecretRecord(plain, "shop", DJANGO_RECORDS.short);
    expect(await call()).toMatchObject(GRANTED);
    await rehashed();
    expect(await call(createService())).toMatchObject(GRANTED);
  });

  test("is sealed when there is a pepper, and anew when there is a newer one", async () => {
    await setSecretRecord(plain, "shop", DJANGO_RECORDS.short);
    const [older, newer] = ["a1".repeat(32), "b2".repeat(32)];
    expect(await call(createService({ PASSWORD_PEPPER: older }))).toMatchObject(GRANTED);
    await eventually(async () => (await recordOf())?.startsWith("$sealed$") ?? false);
    const sealed = await recordOf();
    expect(await call(createService({ PASSWORD_PEPPER: `${newer},${older}` }))).toMatchObject(
      GRANTED,
    );
    await eventually(async () => (await recordOf()) !== sealed);
    expect(await call(createService({ PASSWORD_PEPPER: newer }))).toMatchObject(GRANTED);
  });

  test("stays valid together with a new secret, and is replaced by its rehash", async () => {
    const tools = await managementTools();
    const rotation = { secret: "new secret", oldEndsAtMs: null, endsOld: false };
    await rotateClientSecret("shop", rotation, tools);
    const [current] = await secretRecordsOf("shop");
    expect(await call(createService(), "shop:new secret")).toMatchObject(GRANTED);
    expect(await call()).toMatchObject(GRANTED);
    await eventually(async () => OURS.test((await secretRecordsOf("shop"))[1] ?? ""));
    const [after, previous] = await secretRecordsOf("shop");
    expect(after).toBe(current);
    expect(OURS.exec(previous ?? "")?.[1]).toBe(OURS.exec(current ?? "")?.[1]);
    const fresh = createCountedService();
    const { answer, cost } = await fresh.costOf(() => call(fresh.service));
    expect(answer).toMatchObject(GRANTED);
    expect(cost).toEqual({ ...STORAGE, pbkdf2: 1 });
  });
});

describe("a client's secret record of Django's is replaced once", () => {
  const watched = watch();

  test("by first uses in many isolates at once, all of which succeed", async () => {
    const written: unknown[] = [];
    const isolate = () => {
      return overWrites(async (proceed) => {
        const result = await proceed();
        written.push(await recordOf());
        return result;
      });
    };
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(isolate())));
    for (const answer of answers) expect(answer).toMatchObject(GRANTED);
    await eventually(() => written.length === answers.length);
    await eventually(() => watched.audits().length > 0);
    expect(written[0]).toMatch(OURS);
    expect(new Set(written).size).toBe(1);
    expect(watched.audits()).toMatchObject([{ action: "secret_rehashed", client_id: "shop" }]);
  });
});

describe("a client's secret record of Django's is not replaced", () => {
  captureErrors();
  beforeEach(() => setSecretRecord(plain, "shop", DJANGO_RECORDS.short));

  test("by a wrong secret", async () => {
    expect(await call(plain, "shop:wrong")).toEqual(INVALID_CLIENT);
    expect(await recordOf()).toBe(DJANGO_RECORDS.short);
  });

  test("for a client that is disabled", async () => {
    await env.DB.exec("UPDATE clients SET disabled = 1 WHERE client_id = 'shop'");
    const { service, costOf } = createCountedService();
    const { answer, cost } = await costOf(() => call(service));
    expect(answer).toEqual(INVALID_CLIENT);
    expect(cost).toEqual({ "d1.batch": 1, pbkdf2: 1 });
    expect(await recordOf()).toBe(DJANGO_RECORDS.short);
  });

  test("when the secret was changed concurrently", async () => {
    const done = Promise.withResolvers<void>();
    const service = overWrites(async (proceed) => {
      await setSecretRecord(plain, "shop", DJANGO_RECORDS.long);
      const result = await proceed();
      done.resolve();
      return result;
    });
    expect(await call(service)).toMatchObject(GRANTED);
    await done.promise;
    expect(await recordOf()).toBe(DJANGO_RECORDS.long);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("full"))],
    ["never answers", () => new Promise(() => undefined)],
  ])("when D1 %s, and the request succeeds", async (_, intercept) => {
    expect(await call(overWrites(intercept))).toMatchObject(GRANTED);
    expect(await recordOf()).toBe(DJANGO_RECORDS.short);
    expect(await call(createService())).toMatchObject(GRANTED);
    await rehashed();
  });

  test("when the object fails, and the caller should retry", async () => {
    await setSecretRecord(plain, "shop", DJANGO_RECORDS.long);
    expect(await call(createService(failingBindings("password.derive")))).toEqual(UNAVAILABLE);
    expect(await recordOf()).toBe(DJANGO_RECORDS.long);
  });
});
