import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256, toHex } from "../../src/crypto/bytes.ts";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, logIn } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const ROUNDS = 6;
const SETTINGS = { PASSWORD_HASH_ROUNDS: ROUNDS };

beforeAll(() => registerDefaults(createService(SETTINGS)));
stopClock();
const watched = watch();

/** The fields of a line for a request without operations, on a stopped clock. */
const QUIET = {
  duration_ms: 0,
  d1_calls: 0,
  kv_calls: 0,
  object_calls: 0,
  repeats: 0,
  pbkdf2_calls: 0,
  hash_ms: 0,
  operations: {},
};
const TO_TOKEN = {
  event: "request",
  request_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  endpoint: "token",
  method: "POST",
};

async function userId(): Promise<string | null> {
  const select = env.DB.prepare("SELECT id FROM users WHERE username = 'ada'");
  return select.first<string>("id");
}

describe("a request is one line", () => {
  test("that says who asked for what, and what it cost", async () => {
    const service = createService(SETTINGS);
    await logIn(service);
    expect(watched.console).toHaveLength(1);
    expect(watched.requests()).toEqual([
      {
        ...{ ...TO_TOKEN, ...QUIET },
        ...{ status: 200, outcome: "ok", grant_type: "password" },
        ...{ client_id: "client", user_id: await userId() },
        ...{ d1_calls: 2, kv_calls: 1, object_calls: 1, pbkdf2_calls: ROUNDS + 1 },
        operations: {
          "d1.find_accounts": 0,
          "d1.note_session": 0,
          "pbkdf2.webcrypto": 0,
          "family.start": 0,
          "kv.put_access_token": 0,
        },
      },
    ]);
  });

  test("that has the reason which the client is not told", async () => {
    await ask(createService(SETTINGS), { ...LOGIN, password: "wrong" });
    expect(watched.requests()).toEqual([
      {
        ...{ ...TO_TOKEN, ...QUIET, status: 400 },
        ...{ outcome: "refused", reason: "password_wrong", error: "invalid_grant" },
        ...{ grant_type: "password", client_id: "client", user_id: await userId() },
        ...{ d1_calls: 1, pbkdf2_calls: ROUNDS + 1 },
        operations: { "d1.find_accounts": 0, "pbkdf2.webcrypto": 0 },
      },
    ]);
  });

  test("without a client or a user that is not there", async () => {
    const service = createService();
    await ask(service, LOGIN, "nobody:secret");
    await ask(service, { ...LOGIN, username: "nobody" });
    await ask(service, LOGIN, "client:wrong");
    const [unknownClient, unknownUser, wrongSecret] = watched.requests();
    expect(unknownClient).not.toHaveProperty("client_id");
    expect(unknownUser).toMatchObject({ client_id: "client", reason: "user_unknown" });
    expect(unknownUser).not.toHaveProperty("user_id");
    expect(wrongSecret).toMatchObject({ client_id: "client", reason: "client_secret_wrong" });
    expect(wrongSecret).not.toHaveProperty("user_id");
  });

  test.each([
    ["POST", "/nowhere", { status: 404, reason: "unknown_path", error: "invalid_request" }],
    ["PUT", "/o/token", { endpoint: "token", method: "PUT", status: 405 }],
    ["PROPFIND", "/o/token", { method: "OTHER", reason: "method_not_allowed" }],
    ["OPTIONS", "/o/introspect/", { endpoint: "introspection", status: 204, outcome: "ok" }],
    ["GET", "/.well-known/oauth-authorization-server", { endpoint: "metadata", status: 200 }],
    ["HEAD", "/o/.well-known/jwks.json", { endpoint: "jwks", method: "HEAD", status: 200 }],
  ])("for %s %s too", async (method, path, expected) => {
    await createService().fetch(path, { method });
    expect(watched.requests()).toEqual([expect.objectContaining(expected)]);
  });

  test("with the time of every operation, and calls that were repeated", async () => {
    let calls = 0;
    const service = createService(
      interceptBindings(async (operation, proceed) => {
        passSeconds(operation === "kv.put" ? 0.25 : 0.1);
        if (operation === "kv.put" && ++calls === 1) throw new Error("once");
        return proceed();
      }),
    );
    await ask(service, { grant_type: "client_credentials" });
    expect(watched.requests()).toEqual([
      expect.objectContaining({
        duration_ms: 600,
        repeats: 1,
        kv_calls: 1,
        // Still running when the response is sent.
        operations: { "d1.find_accounts": 100, "pbkdf2.webcrypto": 0, "kv.put_access_token": 0 },
      }),
    ]);
  });

  test("of its own when requests run concurrently", async () => {
    const service = createService(SETTINGS);
    await Promise.all([
      logIn(service),
      ask(service, { grant_type: "client_credentials" }),
      ask(service, {}),
    ]);
    const costs = watched.requests().map(({ grant_type, d1_calls, object_calls }) => {
      return [grant_type ?? "none", d1_calls, object_calls];
    });
    expect(costs.toSorted()).toEqual([
      ["client_credentials", 1, 0],
      ["none", 0, 0],
      ["password", 2, 1],
    ]);
  });
});

describe("an outage is a line in the log of errors", () => {
  /** A service in which an operation fails. */
  const failing = (failed: string): Service => {
    return createService(
      interceptBindings((operation, proceed) => {
        if (operation === failed) throw new Error("D1_ERROR: no such table: clients");
        return proceed();
      }),
    );
  };

  test("that names the operation and what the platform said of it", async () => {
    await ask(failing("d1.batch"), LOGIN);
    expect(watched.requests()).toEqual([
      expect.objectContaining({
        outcome: "unavailable",
        status: 503,
        reason: "storage_failed",
        error: "temporarily_unavailable",
        d1_calls: 1,
        failure: {
          name: "Unavailable",
          message: "d1.find_accounts failed: D1_ERROR: no such table: clients",
        },
      }),
    ]);
    expect(watched.console.map(({ method }) => method)).toEqual(["error"]);
  });

  test("that names the invalid setting", async () => {
    await ask(createService({ SCOPES: "" }), LOGIN);
    const message = expect.stringMatching(/^SCOPES is empty: it must be /);
    const failure = { name: "ConfigError", message };
    expect(watched.requests()).toEqual([
      expect.objectContaining({ status: 503, reason: "misconfigured", failure }),
    ]);
    expect(watched.console.map(({ method }) => method)).toEqual(["error"]);
  });

  test("and a rejection is none", async () => {
    await ask(createService(), {});
    expect(watched.console.map(({ method }) => method)).toEqual(["log"]);
  });
});

describe("a call to TokenVerifier is one line", () => {
  const verify = (token: string, service = createService(), options = {}) => {
    return new TokenVerifier(createExecutionContext(), service.env).verify(token, options);
  };
  const line = { event: "verify", request_id: expect.stringMatching(/^[0-9a-f]{16}$/), ...QUIET };

  test("that says whose token it was, and what came of it", async () => {
    const { access_token } = await logIn(createService(SETTINGS));
    const before = watched.requests().length;
    const key = toHex(await sha256(access_token));
    await eventually(async () => (await env.ACCESS_TOKENS.get(key)) !== null);
    // A younger token is checked without KV.
    passSeconds(6);
    await verify(access_token);
    await verify(access_token, createService(), { scope: "fly" });
    await verify("forged");
    expect(watched.requests()).toHaveLength(before);
    const [operations, kv_calls] = [{ "kv.get_access_token": 0 }, 1];
    expect(watched.verifications()).toEqual([
      { ...line, operations, kv_calls, outcome: "ok", client_id: "client" },
      { ...line, operations, kv_calls, outcome: "refused", error: "insufficient_scope" },
      { ...line, outcome: "refused", error: "invalid_token" },
    ]);
  });

  test("that says what broke", async () => {
    const { access_token } = await logIn(createService(SETTINGS));
    const broken = createService(
      interceptBindings(() => {
        throw new Error("KV GET failed: 500");
      }),
    );
    await verify(access_token, broken);
    expect(watched.verifications()).toEqual([
      expect.objectContaining({
        outcome: "unavailable",
        reason: "storage_failed",
        failure: { name: "Unavailable", message: "family.inspect failed: KV GET failed: 500" },
      }),
    ]);
  });
});

describe("the id of a request", () => {
  const idOf = async (init: RequestInit = {}, path = "/o/token/") => {
    const { headers } = await createService().fetch(path, init);
    return headers.get("X-Request-Id");
  };

  test("is in its log line, and is unique", async () => {
    const ids = [await idOf(), await idOf(), await idOf({}, "/nowhere")];
    expect(new Set(ids).size).toBe(3);
    expect(watched.requests().map(({ request_id }) => request_id)).toEqual(ids);
  });

  test("is Cloudflare's own where there is one", async () => {
    for (const ray of ["8f1c3a5b7d9e0f12-FRA", "8f1c3a5b7d9e0f12"]) {
      expect(await idOf({ headers: { "CF-Ray": ray } })).toBe(ray);
    }
  });

  test.each([
    ["X-Request-Id", "8f1c3a5b7d9e0f12"],
    ["CF-Ray", "hunter2"],
    ["CF-Ray", "8f1c3a5b7d9e0f12-FRA, hunter2"],
    ["CF-Ray", "8F1C3A5B7D9E0F12"],
    ["CF-Ray", ""],
  ])("is never the caller's %s %j", async (name, value) => {
    const id = await idOf({ headers: { [name]: value } });
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(id).not.toBe(value);
  });

  test("is in the log line of an outage and of a fault too", async () => {
    const answer = await createService({ TOKEN_KEYS: "" }).fetch("/o/token/", { method: "POST" });
    expect(answer.headers.get("X-Request-Id")).toMatch(/^[0-9a-f]{16}$/);
  });
});
