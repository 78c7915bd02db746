import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { interceptBindings } from "../support/interception.ts";
import { createLimitedService } from "../support/limited.ts";
import { granted } from "../support/requests.ts";
import { INVALID_CLIENT, SUCCESS, UNAUTHORIZED_CLIENT, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, OWN, registerDefaults } from "../support/service.ts";

const sound = createService();

/** With one failure, or an attempt that was not dropped, the next one is rejected. */
const SETTINGS = { USER_FAILURES_FREE: 1, CLIENT_FAILURES_FREE: 1000 };

const ENTRY = { client_id: "client", grant_types: ["password", "client_credentials"] };

beforeEach(() => registerDefaults(sound));

/** An isolate that has verified the client's secret. */
async function warm(settings = {}) {
  const service = createLimitedService({ ...SETTINGS, ...settings });
  granted(await service.ask(OWN));
  service.takeCounts();
  return service;
}

describe("a login of a client that its isolate has verified", () => {
  test("waits for D1 and the counter of the user at once", async () => {
    const { promise: isAdmitting, resolve: admits } = Promise.withResolvers<void>();
    let isWaiting = false;
    const bindings = interceptBindings(async (operation, proceed) => {
      if (operation === "failures.admit" && isWaiting) admits();
      if (operation === "d1.batch" && isWaiting) await isAdmitting;
      return proceed();
    });
    const { logIn } = await warm(bindings);
    isWaiting = true;
    expect(await logIn()).toEqual(SUCCESS);
  });

  test("leaves no attempt behind when D1 fails", async () => {
    let isDown = false;
    const bindings = interceptBindings((operation, proceed) => {
      if (isDown && operation === "d1.batch") throw new Error("down");
      return proceed();
    });
    const { logIn } = await warm(bindings);
    isDown = true;
    expect(await logIn()).toEqual(UNAVAILABLE);
    isDown = false;
    expect(await logIn()).toEqual(SUCCESS);
  });

  test("calls no counter of a user without a user name or password", async () => {
    const { ask, takeCounts } = await warm();
    const { username, ...rest } = LOGIN;
    expect(await ask(rest)).toMatchObject({ status: 400 });
    expect(await ask({ ...LOGIN, password: "" })).toMatchObject({ status: 400 });
    expect(takeCounts()).toEqual({ "d1.batch": 2, "address.limit": 2 });
  });

  test.each([
    ["another secret", {}, "client:wrong", INVALID_CLIENT, { "failures.admit": 1 }],
    ["an unknown client", {}, "unknown:secret", INVALID_CLIENT, { "failures.admit": 1 }],
  ])("is not one with %s: that calls the counter of the secret alone", async (...row) => {
    const [, fields, credentials, expected, counts] = row;
    const { logIn, takeCounts } = await warm();
    expect(await logIn(fields, { credentials })).toEqual(expected);
    expect(takeCounts()).toMatchObject(counts);
  });
});

describe("a client that has changed since its isolate verified it", () => {
  test.each([
    ["is disabled", { ...ENTRY, disabled: true }, INVALID_CLIENT, 0],
    ["has another secret", { ...ENTRY, client_secret: "other" }, INVALID_CLIENT, 1],
    ["lost the grant", { ...ENTRY, grant_types: ["refresh_token"] }, UNAUTHORIZED_CLIENT, 0],
  ])("and %s counts for no user, and calls a user's counter once", async (...row) => {
    const [, entry, expected, ofSecret] = row;
    const { logIn, takeCounts } = await warm();
    await sound.register({ clients: [entry] });
    expect(await logIn()).toEqual(expected);
    expect(takeCounts()).toMatchObject({ "failures.admit": 1 + ofSecret });
    expect(await logIn()).toEqual(expected);
    expect(takeCounts()["failures.admit"] ?? 0).toBe(ofSecret);
    await registerDefaults(sound);
    expect(await createLimitedService(SETTINGS).logIn()).toEqual(SUCCESS);
  });

  test("to a public one is admitted again, with the address that counts for it", async () => {
    // Both are in progress for a moment.
    const { logIn, takeCounts } = await warm({ USER_FAILURES_FREE: 2 });
    const forwarded = { headers: { "Tollgate-Forwarded-For": "192.0.2.1" } };
    // As imported from django-oauth-toolkit, where a public client may have a secret.
    const change = "UPDATE clients SET token_endpoint_auth_method = 'none' WHERE client_id = ?";
    await env.DB.prepare(change).bind("client").run();
    expect(await logIn({}, forwarded)).toMatchObject({ status: 200 });
    expect(takeCounts()).toMatchObject({ "failures.admit": 2, "failures.settle": 2 });
  });
});
