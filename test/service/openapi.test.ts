import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { registerWebApps } from "../support/browsing.ts";
import { registerCheckers } from "../support/checks.ts";
import { CASES as OAUTH_CASES, PAGE_ORIGIN } from "../support/documented-cases.ts";
import { MANAGEMENT_CASES } from "../support/documented-management.ts";
import { captureErrors, createFaultyService } from "../support/faulty.ts";
import { registerSite } from "../support/managing.ts";
import {
  DOCUMENTED,
  type DocumentedOperation,
  expectDocumented,
  problemsOf,
} from "../support/openapi.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
const CASES = { ...OAUTH_CASES, ...MANAGEMENT_CASES };

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
  await registerCheckers();
  await registerSite();
  await service.register({
    clients: [
      { client_id: "page", token_endpoint_auth_method: "none", allowed_origins: [PAGE_ORIGIN] },
    ],
  });
});
captureErrors();

/** What breaks every operation in one way: an environment that is wrong, or fails by itself. */
const OUTAGES = {
  500: {
    MANAGEMENT_API: "on",
    get TOKEN_KEYS(): string {
      throw new Error("a mistake of the service's own");
    },
  },
  503: { ...service.env, MANAGEMENT_API: "on", TOKEN_KEYS: "no key" },
};

test("there are requests for each operation of the document, and for no other", () => {
  const ids = DOCUMENTED.map(({ operationId }) => operationId);
  expect(Object.keys(CASES).sort()).toEqual(ids.sort());
});

describe.each(DOCUMENTED.map((operation) => [operation.operationId, operation] as const))(
  "%s",
  (id, operation) => {
    const statuses = Object.keys(operation.responses).map(Number);
    const own = statuses.filter((status) => !Object.hasOwn(OUTAGES, status));

    test("has a request for each status of its own that is documented, and for no other", () => {
      expect(Object.keys(CASES[id] ?? {}).map(Number)).toEqual(own);
    });

    test.each(own)("answers %i as documented, in every way that is", async (status) => {
      const seen: unknown[] = [];
      for (const request of CASES[id]?.[status] ?? []) {
        const response = await request();
        expect(response.status, await response.clone().text()).toBe(status);
        seen.push(await expectDocumented(operation, response));
      }
      for (const example of examplesOf(operation, status)) expect(seen).toContainEqual(example);
    });

    test.each(Object.entries(OUTAGES))("answers %s as documented", async (status, env) => {
      const url = `https://login.example.com${operation.path}`;
      const request = new Request(url, { method: operation.method.toUpperCase() });
      const response = await app.fetch(request, env as unknown as Env);
      expect(response.status).toBe(Number(status));
      await expectDocumented(operation, response);
    });
  },
);

test("an unhealthy service answers as documented", async () => {
  const { service: faulty, arm } = createFaultyService();
  arm({ operation: "kv.get", call: "every", kind: "before" });
  const operation = DOCUMENTED.find(({ operationId }) => operationId === "getHealth");
  const response = await faulty.fetch("/healthz");
  expect(response.status).toBe(503);
  const body = await expectDocumented(operation as DocumentedOperation, response);
  expect(body).toMatchObject({ checks: { d1: "ok", kv: "unavailable", object: "ok" } });
});

describe("a response that is not documented is found by", () => {
  const [operation] = DOCUMENTED as readonly [DocumentedOperation];
  const headers = {
    "Cache-Control": "no-store",
    Pragma: "no-cache",
    "X-Request-Id": "0123456789abcdef",
  };
  const tokens = { access_token: "a", expires_in: 1, token_type: "Bearer", scope: "read" };

  test.each<[string, object, ResponseInit]>([
    ["its status", { error: "invalid_request" }, { status: 418, headers }],
    ["a member", { ...tokens, session: "x" }, { headers }],
    ["a member's type", { ...tokens, expires_in: "1" }, { headers }],
    ["a member that it lacks", { access_token: "a" }, { headers }],
    ["a header", tokens, { headers: { ...headers, "Set-Cookie": "a=b" } }],
    ["a header that it lacks", tokens, {}],
    ["a header's value", tokens, { headers: { ...headers, Pragma: "cache" } }],
    [
      "an error's words",
      { error: "invalid_grant", error_description: "x" },
      { status: 400, headers },
    ],
  ])("%s", async (_, body, init) => {
    await expect(expectDocumented(operation, Response.json(body, init))).rejects.toThrow();
  });

  test("and one that is documented is not", async () => {
    await expectDocumented(operation, Response.json(tokens, { headers }));
    expect(problemsOf({ $ref: "#/components/schemas/Tokens" }, tokens)).toEqual([]);
  });
});

function examplesOf({ responses }: DocumentedOperation, status: number): readonly unknown[] {
  const content = responses[status]?.content ?? {};
  const { examples = {} } =
    content["application/json"] ?? content["application/problem+json"] ?? {};
  return Object.values(examples).map(({ value }) => value);
}
