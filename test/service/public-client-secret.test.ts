import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { introspect } from "../support/checks.ts";
import { DJANGO_RECORDS, setSecretRecord } from "../support/django-records.ts";
import { ask } from "../support/requests.ts";
import { INVALID_CLIENT, success, UNAUTHORIZED_CLIENT } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  for (const client of ["app", "bare"]) {
    await setSecretRecord(service, client, DJANGO_RECORDS.short);
  }
  const change = "UPDATE clients SET token_endpoint_auth_method = 'none', grant_types = ?";
  const grants = "password refresh_token";
  await env.DB.prepare(`${change} WHERE client_id = 'app'`).bind(grants).run();
  await env.DB.prepare(`${change}, secret_record = NULL WHERE client_id = 'bare'`)
    .bind(grants)
    .run();
});

const logIn = (fields: Record<string, string>, credentials: string | null = null) => {
  return ask(service, { ...LOGIN, scope: "read write", ...fields }, credentials);
};

// As django-oauth-toolkit 1.7 answered each of them, but for an empty secret by Basic (401 there):
// an empty parameter counts as omitted here.
describe("a public client with a secret", () => {
  test.each([
    ["none", { client_id: "app" }, null],
    ["an empty one", { client_id: "app", client_secret: "" }, null],
    ["an empty one by Basic", {}, "app:"],
    ["the right one", { client_id: "app", client_secret: "correct horse" }, null],
    ["the right one by Basic", {}, "app:correct horse"],
  ])("may send %s", async (_, fields, credentials) => {
    expect(await logIn(fields, credentials)).toEqual(success("read write"));
  });

  test.each([
    ["a wrong one", { client_id: "app", client_secret: "wrong" }, null],
    ["a wrong one by Basic", {}, "app:wrong"],
    ["one that another public client never had", { client_id: "bare", client_secret: "x" }, null],
  ])("is rejected with %s", async (_, fields, credentials) => {
    expect(await logIn(fields, credentials)).toEqual(INVALID_CLIENT);
  });

  test("stays public: the right secret gives neither client_credentials nor introspection", async () => {
    const own = { grant_type: "client_credentials" };
    expect(await ask(service, own, "app:correct horse")).toEqual(UNAUTHORIZED_CLIENT);
    expect(await introspect(service, "any", "app:correct horse")).toMatchObject({ status: 401 });
  });
});
