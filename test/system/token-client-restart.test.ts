import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { TokenPair } from "../../src/client/token-client.ts";
import { type DroppingProxy, startDroppingProxy } from "../support/dropping-proxy.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { tokenOf } from "../support/wire.ts";

const CHILD = join(import.meta.dirname, "../support/refreshing-child.ts");

const folder = mkdtempSync(join(tmpdir(), "tollgate-client-"));
const file = join(folder, "pair.json");
let service: RunningService;
let proxy: DroppingProxy;

beforeAll(async () => {
  const clients = [{ client_id: "mobile", client_secret: "secret" }];
  const users = [{ username: "ada", password: "correct horse" }];
  // Programs start slowly on a busy machine; these tests are not about that.
  const vars = { REFRESH_RETRY_WINDOW_SECONDS: 600 };
  service = await startRunningService({ clients, users }, vars);
});

afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const fields = { grant_type: "password", username: "ada", password: "correct horse" };
  const pair = await tokenOf(service.origin, "mobile:secret", fields);
  const tokens = { accessToken: pair.access_token, refreshToken: pair.refresh_token };
  writeFileSync(file, JSON.stringify({ ...tokens, expiresAtMs: 0 }));
  proxy = await startDroppingProxy(service.origin);
});

afterEach(() => proxy.close());

function startProgram(...mode: string[]) {
  return fork(CHILD, [`${proxy.origin}/o/token/`, file, ...mode], { execArgv: [] });
}

function readPair(): TokenPair {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Starts the program again, on what was saved. @returns the pair that it saves */
async function startAgain(): Promise<TokenPair> {
  const [code] = await once(startProgram(), "exit");
  expect(code).toBe(0);
  return readPair();
}

test("a program that was killed before its response gets the same pair when restarted", async () => {
  const before = readPair();
  const program = startProgram();
  const exited = once(program, "exit");
  proxy.onAnswered = async () => {
    proxy.onAnswered = async () => undefined;
    program.kill("SIGKILL");
    await exited;
  };
  await exited;
  expect(readPair()).toEqual(before);
  const after = await startAgain();
  expect(proxy.answered.map(({ status }) => status)).toEqual([200, 200]);
  expect(proxy.answered[0]?.body["refresh_token"]).toBe(after.refreshToken);
  expect(proxy.answered[0]?.body["access_token"]).toBe(after.accessToken);
});

test("a program that was killed before it saved gets the same pair when restarted", async () => {
  const before = readPair();
  const program = startProgram("never-save");
  const exited = once(program, "exit");
  await once(program, "message");
  program.kill("SIGKILL");
  await exited;
  expect(readPair()).toEqual(before);
  const after = await startAgain();
  expect(proxy.answered[0]?.body["refresh_token"]).toBe(after.refreshToken);
});

test("a program that ended after it saved continues from there when restarted", async () => {
  const first = await startAgain();
  const second = await startAgain();
  expect(second.refreshToken).not.toBe(first.refreshToken);
  const keys = proxy.answered.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(2);
});
