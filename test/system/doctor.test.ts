import { once } from "node:events";
import { cpSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, inject, test } from "vitest";
import { type Check, describeChecks, isHealthy, ok } from "../../src/cli/doctor/check.ts";
import { checkBindings, checkSettings, checkTriggers } from "../../src/cli/doctor/configuration.ts";
import { checkDatabase, compareClocks } from "../../src/cli/doctor/database.ts";
import { checkHashingHere } from "../../src/cli/doctor/hashing.ts";
import { checkLocalSecrets, checkRemoteSecrets } from "../../src/cli/doctor/secrets.ts";
import { checkService } from "../../src/cli/doctor/service.ts";
import { readConfig } from "../../src/cli/project.ts";
import type { RunWrangler } from "../../src/cli/wrangler.ts";
import { openLocalDatabase } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { cli } from "../support/processes.ts";
import { freePort } from "../support/server.ts";

const { url } = inject("server");
// Other files add clients to the state of that server, of which the checks would tell.
const stateDir = ownState();
const dir = ownDir();

/** One line per check, as `failed: detail`. */
const inWords = (checks: readonly Check[]) => {
  return checks.map(({ status, detail }) => `${status}: ${detail}`);
};

describe("cli doctor", () => {
  const NAMES = [
    ...["Node", "wrangler", "wrangler.toml", "bindings", "settings"],
    ...["TOKEN_KEYS", "SIGNING_KEYS", "migrations", "ids", "clock of D1", "scopes of clients"],
    ...["service", "PBKDF2"],
  ];

  test("finds no problem with a running service, and changes nothing", async () => {
    const words = ["doctor", "--persist-to", stateDir, "--url", url];
    const { code, stdout, stderr } = await cli(...words, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: Check[] };
    expect({ healthy, names: checks.map(({ name }) => name) }).toEqual({
      healthy: true,
      names: NAMES,
    });
    expect(checks.filter(({ status }) => status !== "ok")).toEqual([]);
  });

  test("prints a fix, and fails, without state and service", async () => {
    const missing = join(dir, "missing");
    const address = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await cli("doctor", "--persist-to", missing, "--url", address);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed +database .*no tables yet/m);
    expect(stdout).toContain(`→ npm start -- --persist-to ${missing}\n`);
    expect(stdout).toMatch(/^failed +service .*does not respond: connect ECONNREFUSED/m);
    expect(stdout).toMatch(/\n\d ok, 0 warnings, 2 failed\n$/);
  });

  test.each([
    [
      ["--url", "login.example.com"],
      "--url must be an address such as https://login.example.com\n",
    ],
    [["--env"], "error: option '--env <name>' argument missing"],
    [["now"], "error: too many arguments"],
  ])("rejects %j", async (words, reason) => {
    const { code, stdout, stderr } = await cli("doctor", ...words);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(reason);
  });

  test("reports an environment that wrangler.toml does not have", async () => {
    const { code, stdout } = await cli("doctor", "--env", "nowhere", "--persist-to", stateDir);
    expect(code).toBe(1);
    expect(stdout).toMatch(/nowhere/);
  });
});

describe("the report", () => {
  const checks: Check[] = [
    ok("a", "fine"),
    { name: "long", status: "warning", detail: "slow", cure: "fix it" },
  ];

  test("prints a fix below its check, and totals", () => {
    expect(describeChecks(checks)).toBe(
      "ok       a     fine\n" +
        "warning  long  slow\n" +
        "               → fix it\n" +
        "1 ok, 1 warnings, 0 failed",
    );
  });

  test("is healthy with a warning and not with a failure", () => {
    expect(isHealthy(checks)).toBe(true);
    expect(isHealthy([...checks, { name: "x", status: "failed", detail: "no" }])).toBe(false);
  });
});

describe("secrets", async () => {
  const GOOD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  const OTHER = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  const rsa = await generateKeyPair("RS256", { extractable: true });
  const rsaJwk = await exportJWK(rsa.privateKey);
  const SIGNING_KEYS = JSON.stringify({ keys: [jwk, rsaJwk] });
  const counting = Buffer.from(Array.from({ length: 32 }, (_, index) => 3 * index)).toString("hex");

  test.each<[what: string, secrets: Record<string, string>, expected: RegExp[]]>([
    ["one key", { TOKEN_KEYS: GOOD, SIGNING_KEYS }, [/^ok: \w{8} seals$/, /^ok: .{43} \(ES256\)/]],
    [
      "two keys",
      { TOKEN_KEYS: `${GOOD},${OTHER}`, SIGNING_KEYS },
      [/^ok: (\w{8}) seals; (?!\1)\w{8} open too$/, /^ok/],
    ],
    [
      "no key for ID tokens",
      { TOKEN_KEYS: GOOD, SIGNING_KEYS: JSON.stringify({ keys: [jwk] }) },
      [/^ok/, /^warning: no RS256 key/],
    ],
    ["none", {}, [/^failed: missing/, /^warning: SIGNING_KEYS is not set/]],
    ["a short key", { TOKEN_KEYS: GOOD.slice(2) }, [/^failed: key 1 is not 64 hex/, /^warning/]],
    ["a duplicate key", { TOKEN_KEYS: `${GOOD},${GOOD}` }, [/^failed: a duplicate key/, /^warn/]],
    ["a key of one byte", { TOKEN_KEYS: "5e".repeat(32) }, [/not look random$/, /^warning/]],
    ["a key that counts", { TOKEN_KEYS: counting }, [/^failed: key 1 .* not look/, /^warning/]],
    ["a weak second key", { TOKEN_KEYS: `${GOOD},${"01".repeat(32)}` }, [/key 2 \(/, /^warning/]],
    ["invalid JWKs", { TOKEN_KEYS: GOOD, SIGNING_KEYS: "{}" }, [/^ok/, /^failed: not a JWK set/]],
    [
      "JWKs of invalid keys",
      { TOKEN_KEYS: GOOD, SIGNING_KEYS: JSON.stringify({ keys: [{ ...jwk, x: "AA" }] }) },
      [/^ok/, /^failed: key 1 has no "x" of 32 bytes in base64url$/],
    ],
    [
      "a duplicate JWK",
      { TOKEN_KEYS: GOOD, SIGNING_KEYS: JSON.stringify({ keys: [jwk, jwk] }) },
      [/^ok/, /^failed: duplicate key/],
    ],
    [
      "an invalid pepper",
      { TOKEN_KEYS: GOOD, PASSWORD_PEPPER: "x" },
      [/^ok/, /^warn/, /^failed: key/],
    ],
  ])("with %s", async (_, secrets, expected) => {
    const found = inWords(await checkLocalSecrets(secrets));
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    for (const key of [GOOD, OTHER, jwk.d ?? ""]) expect(found.join()).not.toContain(key);
  });

  const lists = (names: string[]): RunWrangler => {
    return async () => ({
      code: 0,
      stdout: JSON.stringify(names.map((name) => ({ name }))),
      output: "",
    });
  };

  test.each([
    [["TOKEN_KEYS", "SIGNING_KEYS"], ["ok: TOKEN_KEYS, SIGNING_KEYS"]],
    [
      ["TOKEN_KEYS"],
      [
        "ok: TOKEN_KEYS",
        "warning: SIGNING_KEYS is not set: there are no JWTs and no OpenID Connect",
      ],
    ],
    [["OTHER"], ["failed: missing in the Worker: TOKEN_KEYS"]],
  ])("of the deployed Worker, when there are %j", async (names, expected) => {
    const checks = await checkRemoteSecrets(["TOKEN_KEYS"], "", lists(names));
    expect(inWords(checks)).toEqual(expected);
  });
});

describe("bindings and settings", async () => {
  const { vars } = await readConfig();

  test("are complete in wrangler.toml, for production and staging", async () => {
    expect(checkBindings(await readConfig())).toMatchObject({ status: "ok" });
    expect(checkBindings(await readConfig("staging"))).toMatchObject({ status: "ok" });
  });

  test("name a missing binding", async () => {
    const config = await readConfig();
    const check = checkBindings({ ...config, kv_namespaces: [] });
    expect(inWords([check])).toEqual(["failed: missing in wrangler.toml: ACCESS_TOKENS"]);
  });

  test("name a missing cron trigger", async () => {
    const { triggers } = await readConfig("staging");
    expect(checkTriggers({ triggers })).toEqual([]);
    const checks = checkTriggers({ triggers: { crons: [] } });
    expect(inWords(checks)).toEqual([expect.stringMatching(/^warning: .* no cron trigger/)]);
  });

  test.each([
    [{}, "ok: all valid"],
    [{ PASSWORD_HASH_ROUNDS: 5 }, "warning: PASSWORD_HASH_ROUNDS is 5"],
    [{ ACCESS_TOKEN_TTL_SECONDS: 59 }, "warning: ACCESS_TOKEN_TTL_SECONDS is 59"],
    [{ ACCESS_TOKEN_TTL_SECONDS: 86_401 }, "warning: ACCESS_TOKEN_TTL_SECONDS is 86401"],
    [{ REFRESH_IDLE_TTL_SECONDS: 8_000_000 }, "warning: REFRESH_IDLE_TTL_SECONDS has no effect"],
    [{ REFRESH_RETRY_WINDOW_SECONDS: 7 }, "warning: REFRESH_RETRY_WINDOW_SECONDS is 7"],
    [
      { LEGACY_TOKEN_ENDPOINT: "https://old.example.com/o/token/", LEGACY_CLIENT_ID: "mover" },
      "warning: LEGACY_TOKEN_ENDPOINT is https://old.example.com/o/token/: users deleted here",
    ],
    [
      { LEGACY_TOKEN_ENDPOINT: "https://old.example.com/o/token/" },
      "failed: LEGACY_CLIENT_ID is missing: it must be",
    ],
    [{ MANGEMENT_API: "on" }, "warning: MANGEMENT_API is not a setting, so it has no effect"],
    [{ REFRESH_RETRY: "often" }, `failed: REFRESH_RETRY is "often": it must be`],
  ])("with %j", (changed, expected) => {
    const checks = checkSettings({ ...vars, ...changed }, false);
    expect(inWords(checks)).toEqual([expect.stringContaining(expected)]);
  });

  test.each([
    ["", "warning: ISSUER is empty"],
    ["http://login.example.com", "warning: ISSUER is not https"],
    ["https://login.example.com", "ok: all valid"],
  ])("of a deployment, with ISSUER %j", (ISSUER, expected) => {
    const checks = checkSettings({ ...vars, ISSUER }, true);
    expect(inWords(checks)).toEqual([expect.stringContaining(expected)]);
  });
});

describe("the database", () => {
  test("reports migrations that are pending or unknown", async () => {
    const copy = join(dir, "state");
    cpSync(stateDir, copy, { recursive: true });
    const target = { stateDir: copy, remote: false };
    const database = openLocalDatabase(copy);
    database.exec("UPDATE d1_migrations SET name = '0003_later.sql' WHERE name LIKE '0002%'");
    database.close();
    expect((await checkDatabase(target))[0]).toMatchObject({
      status: "failed",
      detail: "not applied: 0002_tokens_for_apis.sql",
    });
    const again = openLocalDatabase(copy);
    again.exec("INSERT INTO d1_migrations (name) VALUES ('0002_tokens_for_apis.sql')");
    again.close();
    expect(await checkDatabase(target)).toMatchObject([
      { status: "warning", detail: "applied but unknown to this version: 0003_later.sql" },
      { name: "ids", status: "ok" },
      { name: "clock of D1", status: "ok" },
      { name: "scopes of clients", status: "ok" },
    ]);
  });

  test.each([
    [1_000, "ok"],
    [1_500, "ok"],
    [-4_000, "ok"],
    [7_000, "ok"],
    [-4_001, "warning"],
    [7_001, "warning"],
  ])("whose clock shows %d between 1,000 and 2,000 is %s", (nowMs, status) => {
    expect(compareClocks("clock", nowMs, 1_000, 2_000)).toMatchObject({ status });
  });
});

describe("the service", () => {
  const ANSWERS: Readonly<Record<string, readonly [status: number, body: object]>> = {
    "/healthz": [200, { status: "ok" }],
    "/.well-known/oauth-authorization-server": [
      200,
      { token_endpoint: "https://login.example.com/oauth2/token/" },
    ],
    "/oauth2/token/": [401, { error: "invalid_client" }],
  };
  const well: RequestListener = (request, response) => {
    const [status, body] = ANSWERS[request.url ?? ""] ?? [404, { error: "invalid_request" }];
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  };

  test.each<[string, RequestListener, string[]]>([
    ["is healthy", well, ["ok: http", "ok: agrees", "ok: one call of 100000 iterations"]],
    [
      "has a wrong clock",
      (request, response) => {
        response.setHeader("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        well(request, response);
      },
      ["ok: http", "warning: ", "ok: one call"],
    ],
    [
      "is not healthy",
      (_, response) => {
        response.writeHead(503, { "Content-Type": "application/json" });
        response.end('{"status":"unavailable","checks":{"d1":"unavailable"}}');
      },
      ['/healthz returned 503: {"status":"unavailable","checks":{"d1":"unavailable"}}'],
    ],
    [
      "is another service",
      (_, response) => {
        response.writeHead(200, { "Content-Type": "text/html" });
        response.end("<h1>Hello</h1>");
      },
      ["/healthz returned 200"],
    ],
    [
      "exceeds its CPU limit with a hash",
      (request, response) => {
        if (request.method === "GET") well(request, response);
        else response.writeHead(503).end("error code: 1102");
      },
      ["ok: http", "ok: agrees", "failed: an unknown client got 503 instead of 401"],
    ],
  ])("that %s", async (_, listener, expected) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const checks = await checkService(`http://127.0.0.1:${port}`, 0);
      expect(inWords(checks)).toEqual(expected.map((text) => expect.stringContaining(text)));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("that starts late is waited for", async () => {
    const port = await freePort();
    const checking = checkService(`http://127.0.0.1:${port}`, 60_000);
    const server = createServer(well).listen(port, "127.0.0.1");
    try {
      expect((await checking).every(({ status }) => status === "ok")).toBe(true);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("without a service, a key is derived at the limit in a local workerd", async () => {
    expect(await checkHashingHere()).toMatchObject({
      status: "ok",
      detail: expect.stringMatching(/^one call of 100000 iterations in \d+ ms, in workerd/),
    });
  });
});
