import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeFailure } from "../../src/cli/command-error.ts";
import { inspectToken, mintToken } from "../../src/cli/commands/token.ts";
import type { LocalTokenRequest } from "../../src/management/local-tokens.ts";
import { ManagementError } from "../../src/management/management-error.ts";
import { openLocalDatabase, readAccessTokenKeys, readRegistry } from "../support/local-database.ts";
import { cli } from "../support/processes.ts";
import { applyEntries } from "../support/registry-files.ts";
import {
  DEMO_CLIENT,
  DEMO_LOGIN,
  type Server,
  startServer,
  temporaryDir,
} from "../support/server.ts";
import { tokenOf } from "../support/wire.ts";

const API = "https://api.example.com";

const { path: stateDir, remove } = temporaryDir();
let server: Server;

beforeAll(async () => {
  server = await startServer({ stateDir });
  await applyEntries(stateDir, {
    clients: [
      { client_id: "old", client_secret: "secret", scope: "read", claims: { tenant: "acme" } },
      { client_id: "closed", client_secret: "secret", disabled: true },
      { client_id: "jwt", client_secret: "secret", access_token_format: "jwt", audience: [API] },
    ],
    users: [
      { username: "ada", password: "correct horse" },
      { username: "bob", password: "correct horse", is_active: false },
    ],
  });
  const database = openLocalDatabase(stateDir);
  database.exec("UPDATE clients SET not_before_ms = 0 WHERE client_id = 'old'");
  database.exec("UPDATE users SET not_before_ms = 0 WHERE username = 'ada'");
  database.close();
});

afterAll(async () => {
  await server?.stop();
  remove();
});

/** A token of an old client and user, unless the test asks for another. In this process: quicker. */
function mint(request: Partial<LocalTokenRequest> = {}): Promise<string> {
  const old = { clientId: "old", username: "ada", scope: null, ageSeconds: 0, state: "active" };
  return mintToken({ ...old, ...request } as LocalTokenRequest, stateDir);
}

/** All that a command could change. */
const everything = () => [readRegistry(stateDir), readAccessTokenKeys(stateDir)];

/** What `token inspect` says, by name. */
async function inspect(token: string): Promise<Record<string, string>> {
  return byName(await inspectToken(token, stateDir));
}

function byName(description: string): Record<string, string> {
  const lines = description.trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/ {2,}/, 2) as [string, string]));
}

async function introspect(token: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/o/introspect/`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(DEMO_CLIENT)}` },
    body: new URLSearchParams({ token }),
  });
  return (await response.json()) as Record<string, unknown>;
}

describe("token mint", () => {
  test("makes a token that the running service finds active", async () => {
    const active = await introspect(await mint());
    expect(active).toMatchObject({ active: true, client_id: "old", username: "ada" });
    expect(active).toMatchObject({ scope: "read", tenant: "acme" });
    expect(Number(active["exp"]) - Number(active["iat"])).toBe(3600);
  });

  test("makes a token of a client that acts for itself", async () => {
    const active = await introspect(await mint({ clientId: "demo-client", username: null }));
    expect(active).toMatchObject({ active: true, sub: "demo-client" });
    expect(active["scope"]).toBe("read write groups introspection");
    expect(active).not.toHaveProperty("username");
  });

  test("gives it any scope and any age", async () => {
    const beforeSeconds = Math.floor(Date.now() / 1000);
    const active = await introspect(await mint({ scope: "things:all write", ageSeconds: 1000 }));
    expect(active).toMatchObject({ active: true, scope: "things:all write" });
    const ageBefore = beforeSeconds - Number(active["iat"]);
    expect(ageBefore).toBeLessThanOrEqual(1000);
    expect(ageBefore).toBeGreaterThan(500);
  });

  test.each(["expired", "revoked"] as const)("makes one that is %s", async (state) => {
    const token = await mint({ state });
    expect(await introspect(token)).toEqual({ active: false });
    const { KV = "", expires = "" } = await inspect(token);
    expect(KV).toBe(state === "revoked" ? "nothing" : "has it");
    if (state === "expired") expect(Date.parse(expires)).toBeLessThanOrEqual(Date.now());
  });

  test("never makes the same token twice", async () => {
    expect(await mint()).not.toBe(await mint());
  });

  test.each<[reason: string, says: string, request: Partial<LocalTokenRequest>]>([
    ["an unknown client", "no client nobody", { clientId: "nobody" }],
    ["an unknown user", "no user nobody", { username: "nobody" }],
    ["a disabled client", "client is disabled", { clientId: "closed" }],
    ["an inactive user", "user is not active", { username: "bob" }],
    ["an age past its lifetime", "After 3600 seconds", { ageSeconds: 3600 }],
    ["an age before its client", "is younger", { clientId: "demo-client", ageSeconds: 3000 }],
    ["a scope that is none", "scope names", { scope: 'a"b' }],
  ])("refuses %s, says so, and makes nothing", async (_, says, request) => {
    const before = everything();
    const error = await mint(request).catch((reason) => reason);
    expect(error).toBeInstanceOf(ManagementError);
    expect(describeFailure(error).message).toContain(says);
    expect(everything()).toEqual(before);
  });

  test("refuses local state that is not there, and makes none", async () => {
    const missing = `${stateDir}/none`;
    const request = { clientId: "old", username: null, scope: null, ageSeconds: 0 };
    const minting = mintToken({ ...request, state: "active" }, missing);
    await expect(minting).rejects.toThrow("run npm start once");
    expect(existsSync(missing)).toBe(false);
  });

  test("keeps nothing of it but what the service keeps of any token", async () => {
    const keysBefore = readAccessTokenKeys(stateDir);
    const token = await mint();
    const keys = readAccessTokenKeys(stateDir).filter((key) => !keysBefore.includes(key));
    expect(keys).toEqual([expect.stringMatching(/^[\da-f]{64}$/)]);
    expect(JSON.stringify(everything())).not.toContain(token);
  });
});

describe("token inspect", () => {
  const logIn = () => tokenOf(server.url, DEMO_CLIENT, DEMO_LOGIN);

  test("says what a minted token is and what KV holds of it", async () => {
    expect(await inspect(await mint())).toEqual({
      kind: "opaque access token",
      key: expect.stringMatching(/^[\da-f]{8}$/),
      nonce: expect.stringMatching(/^[\da-f]{40}$/),
      KV: "has it",
      client: "old",
      subject: expect.stringMatching(/^[\da-f-]{36}$/),
      scope: "read",
      audience: "none",
      claims: '{"tenant":"acme"}',
      issued: expect.any(String),
      expires: expect.any(String),
    });
  });

  test("says which family and generation the tokens of a login are of", async () => {
    const login = await logIn();
    const fields = { grant_type: "refresh_token", refresh_token: login.refresh_token };
    const refreshed = await tokenOf(server.url, DEMO_CLIENT, fields);
    const access = await inspect(login.access_token);
    const first = await inspect(login.refresh_token);
    const second = await inspect(refreshed.refresh_token);
    expect(access).toMatchObject({ kind: "opaque access token", generation: "0", KV: "has it" });
    expect(first).toMatchObject({ kind: "refresh token", generation: "0", client: "demo-client" });
    expect(second).toMatchObject({ kind: "refresh token", generation: "1" });
    expect(first["family"]).toMatch(/^[\da-f]{64}$/);
    expect(access["family"]).toBe(first["family"]);
    expect(second["family"]).toBe(first["family"]);
    expect(access["key"]).toBe(first["key"]);
  });

  test("says what a JWT says, and which family it is of", async () => {
    const login = await tokenOf(server.url, "jwt:secret", DEMO_LOGIN);
    const { family } = await inspect(login.refresh_token);
    expect(await inspect(login.access_token)).toMatchObject({
      ...{ kind: "JWT access token", family, generation: "0" },
      ...{ client: "jwt", audience: API },
    });
  });

  test("says which key sealed a token that it cannot open", async () => {
    const { access_token } = await logIn();
    const altered = access_token.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
    expect(await inspect(altered)).toEqual({
      kind: "opaque access token",
      key: (await inspect(access_token))["key"],
      content: expect.stringContaining("cannot be opened"),
    });
  });

  test("says that anything else is no token of the service", async () => {
    expect((await inspect("hello"))["kind"]).toContain("no token of this service");
  });
});

describe("as commands", () => {
  const here = ["--persist-to", stateDir];
  const LOCAL = "local state alone";

  test("mint prints the token and nothing else, and inspect what it is", async () => {
    const options = ["--client", "old", "--user", "ada", "--scope", "a b", "--age", "60"];
    const minted = await cli("token", "mint", ...options, "--state", "active", ...here);
    expect(minted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tga_[\w-]+\n$/) });
    const token = minted.stdout.trim();
    expect(await introspect(token)).toMatchObject({ active: true, scope: "a b", client_id: "old" });
    const inspected = await cli("token", "inspect", token, ...here);
    expect(inspected.code).toBe(0);
    expect(byName(inspected.stdout)).toEqual(await inspect(token));
  });

  test.each([
    ["an odd age", "number of seconds", ["mint", "--client", "old", "--age", "-1"]],
    ["an age with a unit", "number of seconds", ["mint", "--client", "old", "--age", "1h"]],
    ["an odd state", "Allowed choices", ["mint", "--client", "old", "--state", "good"]],
    ["no client", "required option '--client <id>'", ["mint"]],
    ["an unknown client", "There is no client nobody.", ["mint", "--client", "nobody"]],
    ["a word too many", "too many arguments", ["mint", "--client", "old", "more"]],
    ["no token", "missing required argument 'token'", ["inspect"]],
    ["an unknown command", "unknown command 'forge'", ["forge"]],
    ["to mint at the deployed service", LOCAL, ["mint", "--client", "old", "--remote"]],
    ["to inspect at the deployed service", LOCAL, ["inspect", "tga_x", "--remote"]],
  ])("they refuse %s, say so, and change nothing", async (_, says, [command = "", ...words]) => {
    const before = everything();
    const ended = await cli("token", command, ...words, ...here);
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect([ended.code, ended.stdout]).toEqual([says.startsWith("There is no") ? 3 : 2, ""]);
    expect(everything()).toEqual(before);
  });
});
