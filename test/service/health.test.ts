import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { HEALTH_DEADLINE_MS } from "../../src/storage/health.ts";
import { dumpStorage } from "../support/at-rest.ts";
import { captureErrors, createFaultyService, stopTimers } from "../support/faulty.ts";
import { logIn } from "../support/requests.ts";
import { JSON_HEADERS, UNAVAILABLE, type WholeAnswer, whole } from "../support/responses.ts";
import { createService, registerDefaults, type Service } from "../support/service.ts";

const WELL = { d1: "ok", kv: "ok", object: "ok" };

const HEALTHY: WholeAnswer = {
  status: 200,
  headers: { ...JSON_HEADERS },
  body: { status: "ok", checks: WELL },
};

/** The response when these checks fail and no others. */
function unhealthy(...failed: string[]): WholeAnswer {
  const checks = { ...WELL, ...Object.fromEntries(failed.map((name) => [name, "unavailable"])) };
  return {
    status: 503,
    headers: { ...JSON_HEADERS, "retry-after": "1" },
    body: { status: "unavailable", checks },
  };
}

const ask = async (service: Service) => whole(await service.fetch("/healthz"));

async function objectIds(): Promise<string[]> {
  return (await listDurableObjectIds(env.REFRESH_FAMILIES)).map((id) => id.toString()).sort();
}

const OPERATIONS = { d1: "d1.first", kv: "kv.get", object: "family.inspect" };
const EACH = Object.entries(OPERATIONS) as [keyof typeof OPERATIONS, string][];

/** What the log calls each. */
const LOGGED = { d1: "d1.health", kv: "kv.health", object: "family.health" };

function unhealthyLines(log: readonly unknown[]): unknown[] {
  return log.filter((line) => JSON.parse(String(line)).event === "unhealthy");
}

describe("GET /healthz", () => {
  test("says that all is well, with and without a slash", async () => {
    const service = createService();
    expect(await ask(service)).toEqual(HEALTHY);
    expect(await whole(await service.fetch("/healthz/"))).toEqual(HEALTHY);
  });

  test("answers HEAD with the status alone", async () => {
    const response = await createService().fetch("/healthz", { method: "HEAD" });
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 200,
      text: "",
    });
  });

  test("leaves nothing behind, in any storage", async () => {
    const service = createService();
    await registerDefaults(service);
    await logIn(service);
    expect(await ask(service)).toEqual(HEALTHY);
    const [before, objects] = [await dumpStorage(), await objectIds()];
    for (let count = 0; count < 3; count += 1) expect(await ask(service)).toEqual(HEALTHY);
    // workerd lists an object that was ever called; this is the only one, and it is empty.
    expect(await objectIds()).toEqual(objects);
    const object = env.REFRESH_FAMILIES.get(env.REFRESH_FAMILIES.idFromName("healthz"));
    expect(await runInDurableObject(object, (_, { storage }) => storage.list())).toEqual(new Map());
    expect(await runDurableObjectAlarm(object)).toBe(false);
    expect(await dumpStorage()).toEqual(before);
  });
});

describe("GET /healthz says 503 and no reason", () => {
  stopTimers();
  const log = captureErrors();

  test.each(EACH)("when %s fails", async (name, operation) => {
    const { service, arm } = createFaultyService();
    arm({ operation, call: "every", kind: "before" });
    expect(await ask(service)).toEqual(unhealthy(name));
    expect(unhealthyLines(log)).toEqual([expect.stringContaining(`${LOGGED[name]} failed`)]);
    arm();
    expect(await ask(service)).toEqual(HEALTHY);
  });

  test.each(EACH)("when %s never answers, after its time limit", async (name, operation) => {
    const { service, arm } = createFaultyService();
    arm({ operation, call: "every", kind: "stalls" });
    expect(await ask(service)).toEqual(unhealthy(name));
    const [line] = unhealthyLines(log);
    expect(line).toContain(`no response in ${HEALTH_DEADLINE_MS} ms`);
  });

  test("when all of them fail, each in its own line of the log", async () => {
    const { service, arm } = createFaultyService();
    const faults = EACH.map(([, operation]) => {
      return { operation, call: "every", kind: "before" } as const;
    });
    arm(...faults);
    expect(await ask(service)).toEqual(unhealthy("d1", "kv", "object"));
    expect(unhealthyLines(log)).toHaveLength(3);
  });

  test("when D1 is not migrated", async () => {
    await env.DB.prepare("ALTER TABLE clients RENAME TO elsewhere").run();
    const answer = await ask(createService());
    await env.DB.prepare("ALTER TABLE elsewhere RENAME TO clients").run();
    expect(answer).toEqual(unhealthy("d1"));
  });

  test("when a setting is invalid, as every path does", async () => {
    expect(await ask(createService({ TOKEN_KEYS: "" }))).toEqual(UNAVAILABLE);
  });
});

beforeAll(() => registerDefaults(createService()));
