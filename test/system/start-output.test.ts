import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signInLink } from "../../src/cli/sign-in-link.ts";
import { logInTo } from "../support/ask-server.ts";
import { makeClone } from "../support/clone.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";
import { curlLine, freePort, type Server, signInLinkIn, startServer } from "../support/server.ts";

const dir = ownDir();
let server: Server;

/** Each is optional, and not a setting of wrangler.toml. */
const SECRETS = {
  PASSWORD_PEPPER: "ab".repeat(32),
  LEGACY_CLIENT_SECRET: "old-$HOME-secret",
  ADDED_SECRET: "one-that-is-not-known",
};

/** The machine may be busy: waits until a line is printed. */
const WAIT = { timeout: 60_000 };

const START = join(dir, "src/cli/start.ts");
const stateDir = join(dir, "state");
const traces = join(stateDir, "v3/observability");

beforeAll(async () => {
  await makeClone(dir);
  const lines = Object.entries(SECRETS).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(dir, ".dev.vars"), lines.join(""));
  server = await startServer({ stateDir, command: [process.execPath, START], cwd: dir });
});
afterAll(() => server?.stop());

/** Sends a request with the Host of wrangler's own tools. */
function askAsLocalhost(method: string, path: string, body = ""): Promise<string> {
  return new Promise((settle, fail) => {
    const headers = { Host: "localhost", "Content-Type": "application/json" };
    const asked = request(server.url + path, { method, headers }, async (answer) => {
      settle(Buffer.concat(await answer.toArray()).toString());
    });
    asked.once("error", fail).end(body);
  });
}

/** Every file below a folder, as text. */
function filesBelow(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = all.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
}

/** The lines of requests that the service printed, without times and durations. */
function requestLines(): string[] {
  const lines = server.running.output().match(/^\d\d:\d\d:\d\d {2}.*$/gm) ?? [];
  return lines.map((line) => line.slice(10).replace(/\d+ ms/, "9 ms"));
}

test("no secret is in an argument of a process, and the service gets each", async () => {
  const secrets = readFileSync(join(dir, ".dev.vars"), "utf8");
  const values = [...secrets.matchAll(/^\w+='(.*)'$/gm)].map(([, value = ""]) => value);
  expect(values).toHaveLength(5);
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "args"]);
  expect(stdout).toContain(stateDir);
  expect(values.filter((value) => stdout.includes(value))).toEqual([]);
  const config = readFileSync(join(dir, "wrangler.start.json"), "utf8");
  expect(values.filter((value) => config.includes(value))).toEqual([]);
  // Without the pepper no password of this state can be verified.
  expect(await logInTo(server.url)).toMatchObject({ status: 200 });
  const answer = await fetch(`${server.url}/o/.well-known/jwks.json`);
  expect(await answer.json()).toMatchObject({ keys: [{ kty: "EC" }, { kty: "RSA" }] });
});

describe("wrangler's own tools are off:", () => {
  test.each(["/cdn-cgi/explorer", "/cdn-cgi/explorer/api/d1/database", "/cdn-cgi/explorer/api"])(
    "GET %s is a 404",
    async (path) => {
      expect(JSON.parse(await askAsLocalhost("GET", path))).toMatchObject({
        error: "invalid_request",
      });
    },
  );

  test("SQL cannot be run through the port of the service", async () => {
    const sql = JSON.stringify({ sql: "SELECT 4711 AS answer" });
    const path = "/cdn-cgi/explorer/api/d1/database/DB/raw";
    const text = await askAsLocalhost("POST", path, sql);
    expect(JSON.parse(text)).toMatchObject({ error: "invalid_request" });
    expect(text).not.toContain("4711");
  });

  test("neither tokens nor passwords are stored in the state folder", async () => {
    const { body } = await logInTo(server.url);
    const wrong = "a-wrong-password-that-must-not-be-kept";
    const form = { grant_type: "password", username: "demo", password: wrong };
    const login = new URLSearchParams({ ...form, client_id: "a", client_secret: wrong });
    await fetch(`${server.url}/o/token/`, { method: "POST", body: login });
    const token = String(body["access_token"]);
    await fetch(`${server.url}/o/introspect/?token=${token}`);
    const files = filesBelow(stateDir);
    expect(files.length).toBeGreaterThan(3);
    const kept = [token, String(body["refresh_token"]), wrong, "demo-password", "demo-secret"];
    expect(kept.filter((value) => files.some((text) => text.includes(value)))).toEqual([]);
    expect(existsSync(traces)).toBe(false);
  });
});

describe("npm start prints", () => {
  test("a short summary, without wrangler's list of bindings", () => {
    const output = server.running.output();
    const [start = "", ...others] = output.split("Ready.");
    expect(others).toHaveLength(1);
    expect(start.trim().split("\n").length).toBeLessThan(4);
    for (const line of [
      `  Address   ${server.url}`,
      `  API page  ${server.url}/docs`,
      "  Client    demo-client / demo-secret",
      "  User      demo / demo-password",
    ]) {
      expect(output.split("\n")).toContain(line);
    }
    expect(output).not.toMatch(/env\.|wrangler:|\{"event"/);
  });

  test("a link that signs the demo user in", () => {
    const link = signInLinkIn(server.running.output());
    expect(link).toContain(`${server.url}/o/authorize/?`);
    expect(new URL(link).searchParams.get("redirect_uri")).toBe(`${server.url}/docs`);
  });

  test.each(["https://localhost:8787", "http://0.0.0.0:8787", "http://192.168.1.2:8787"])(
    "no link at %s, which the demo client cannot redirect to",
    (address) => {
      expect(signInLink(new URL(address), "/o")).toBe(null);
    },
  );

  test("one line per request, with the reason of a failure and no query", async () => {
    await fetch(`${server.url}/docs`);
    await fetch(`${server.url}/nope?token=tga_in-the-query`);
    await fetch(`${server.url}/o/token/`, { method: "POST" });
    for (const line of [
      "GET      /docs  200  9 ms",
      "GET      /nope  404  9 ms  invalid_request: unknown_path",
      "POST     /o/token/  400  9 ms  unsupported_grant_type: grant_type_missing",
    ]) {
      await expect.poll(requestLines, WAIT).toContain(line);
      expect(requestLines().filter((one) => one === line)).toHaveLength(1);
    }
    expect(server.running.output()).not.toContain("tga_in-the-query");
  });
});

test("git ignores the state folder, at any path", async () => {
  await run("git", ["init", "--quiet"], { cwd: dir });
  const { stdout } = await run("git", ["status", "--porcelain", "--", "state"], { cwd: dir });
  expect(stdout).toBe("");
});

test("--help prints the options and does nothing else", async () => {
  const state = join(dir, "not-made");
  const ended = await run(process.execPath, [START, "--help", "--persist-to", state]);
  expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(/^Usage: npm/), stderr: "" });
  expect(existsSync(state)).toBe(false);
});

test("--json-log prints one object per line on stdout, and the curl line follows PATH_PREFIX", async () => {
  // A start deletes what an older version stored.
  const state = join(dir, "other");
  const old = join(state, "v3/observability");
  mkdirSync(old, { recursive: true });
  const args = ["--json-log", "--var", "PATH_PREFIX:/oauth2 /o"];
  const command: [string, string] = [process.execPath, START];
  const port = await freePort();
  const other = await startServer({ stateDir: state, command, cwd: dir, args, port });
  try {
    expect(existsSync(old)).toBe(false);
    const curl = curlLine(other.running.output()) ?? "exit 1";
    expect(curl).toContain(`127.0.0.1:${port}/oauth2/token/`);
    const { stdout } = await run("bash", ["-c", curl]);
    expect(JSON.parse(stdout)).toMatchObject({ token_type: "Bearer" });
    await fetch(`${other.url}/nope`);
    await expect.poll(() => other.running.output(), WAIT).toContain("unknown_path");
  } finally {
    const { stdout } = await other.stop();
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    expect(new Set(events)).toContain("request");
  }
});
