import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { type CurlAnswer, curl } from "../support/curl.ts";
import { run } from "../support/processes.ts";
import { type RunningCommand, startCommand } from "../support/running-command.ts";
import { freePort } from "../support/server.ts";

/** The lines that `npm run example` prints for people to paste. */
const TOUR = /Paste these lines into another shell\.\n(.*\/reports\n)/s;

const LOGIN = "grant_type=password&username=example&password=example-password";

const stateDir = mkdtempSync(join(tmpdir(), "tollgate-example-state-"));
let command: RunningCommand;
let service: string;
let api: string;

beforeAll(async () => {
  const ports = [await freePort(), await freePort()] as const;
  [service, api] = ports.map((port) => `127.0.0.1:${port}`) as [string, string];
  const [port, apiPort] = ports.map(String) as [string, string];
  const options = ["--port", port, "--api-port", apiPort, "--persist-to", stateDir];
  command = await startCommand("npm", ["run", "example", "--", ...options], {
    cwd: PROJECT_DIR,
    isReady: (output) => TOUR.test(output),
  });
});

afterAll(async () => {
  await command?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function token(client: string, data: string): Promise<Pair> {
  const answer = await curl("-d", data, `http://${client}:example-secret@${service}/o/token/`);
  expect(answer.status, answer.body).toBe(200);
  return JSON.parse(answer.body);
}

function logIn(client: string, more = ""): Promise<Pair> {
  return token(client, LOGIN + more);
}

function refresh(client: string, { refresh_token }: Pair): Promise<Pair> {
  return token(client, `grant_type=refresh_token&refresh_token=${refresh_token}`);
}

function call(method: string, path: string, { access_token }: Pair): Promise<CurlAnswer> {
  const header = `Authorization: Bearer ${access_token}`;
  return curl("-X", method, "-H", header, `http://${api}${path}`);
}

const INVALID_TOKEN = {
  status: 401,
  headers: { "www-authenticate": 'Bearer realm="api", error="invalid_token"' },
  body: '{"error":"invalid_token"}',
};

test("the printed lines show a token that is accepted, and rejected after the logout", async () => {
  const [, lines = ""] = TOUR.exec(command.running.output()) ?? [];
  const { stdout, code } = await run("bash", ["-euc", lines]);
  expect(code).toBe(0);
  const statuses = [...stdout.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
  expect(statuses).toEqual(["200", "200", "200", "401", "200"]);
  expect(stdout).toContain('{"report":42,"tenant":"acme"}');
});

describe("with an opaque token, checked by RPC", () => {
  test("a user who logged in reads and writes", async () => {
    const pair = await logIn("example-app");
    const read = await call("GET", "/things", pair);
    expect(read.status).toBe(200);
    expect(JSON.parse(read.body)).toEqual({
      things: ["a", "b"],
      subject: expect.any(String),
      scope: ["read", "write"],
    });
    expect(await call("DELETE", "/things", pair)).toMatchObject({ status: 200 });
  });

  test("without a token the challenge names the scheme and no error", async () => {
    expect(await curl(`http://${api}/things`)).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="api"' },
      body: "",
    });
  });

  test("a token for another API is rejected", async () => {
    const pair = await logIn("example-app", "&resource=https://other.example.com");
    expect(await call("GET", "/things", pair)).toMatchObject(INVALID_TOKEN);
    expect(await call("DELETE", "/things", pair)).toMatchObject(INVALID_TOKEN);
  });

  test("a token in the query is ignored", async () => {
    const { access_token } = await logIn("example-app");
    expect(await curl(`http://${api}/things?access_token=${access_token}`)).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="api"' },
    });
  });

  test("without the scope of a route the token is rejected there, and accepted elsewhere", async () => {
    const pair = await logIn("example-app", "&scope=read");
    expect(await call("DELETE", "/things", pair)).toMatchObject({
      status: 403,
      headers: {
        "www-authenticate": 'Bearer realm="api", error="insufficient_scope", scope="write"',
      },
    });
    expect(await call("GET", "/things", pair)).toMatchObject({ status: 200 });
  });

  test("after a refresh the strict route rejects the old token and accepts the new one", async () => {
    const old = await logIn("example-app");
    const fresh = await refresh("example-app", old);
    expect(await call("DELETE", "/things", old)).toMatchObject(INVALID_TOKEN);
    expect(await call("DELETE", "/things", fresh)).toMatchObject({ status: 200 });
  });

  test("after a revocation the strict route rejects the token at once", async () => {
    const pair = await logIn("example-app");
    expect(await call("DELETE", "/things", pair)).toMatchObject({ status: 200 });
    const url = `http://example-app:example-secret@${service}/o/revoke_token/`;
    expect(await curl("-d", `token=${pair.refresh_token}`, url)).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/things", pair)).toMatchObject(INVALID_TOKEN);
  });
});

describe("with a JWT, checked with public keys", () => {
  test("a token for this API is accepted, with the claims of its client", async () => {
    const answer = await call("GET", "/reports", await logIn("example-jwt-app"));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ report: 42, tenant: "acme" });
  });

  test("a token for another API is rejected", async () => {
    const pair = await logIn("example-jwt-app", "&resource=https://other.example.com");
    expect(await call("GET", "/reports", pair)).toMatchObject(INVALID_TOKEN);
  });

  test("an opaque token is rejected", async () => {
    expect(await call("GET", "/reports", await logIn("example-app"))).toMatchObject(INVALID_TOKEN);
  });

  test("the RPC accepts the same JWT, and the strict route rejects it once revoked", async () => {
    const pair = await logIn("example-jwt-app");
    expect(await call("GET", "/things", pair)).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/things", pair)).toMatchObject({ status: 403 });
    const url = `http://example-jwt-app:example-secret@${service}/o/revoke_token/`;
    expect(await curl("-d", `token=${pair.access_token}`, url)).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/things", pair)).toMatchObject(INVALID_TOKEN);
  });
});
