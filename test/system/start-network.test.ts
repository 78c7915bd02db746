import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logInTo } from "../support/ask-server.ts";
import { makeClone } from "../support/clone.ts";
import { ownDir } from "../support/own-state.ts";
import { type Server, startServer } from "../support/server.ts";

const ROUTE = 'routes = [{ pattern = "login.example.com", custom_domain = true }]\n';

const dir = ownDir();
let server: Server;

beforeAll(async () => {
  const clone = await makeClone(dir);
  const config = join(dir, "wrangler.toml");
  writeFileSync(config, ROUTE + readFileSync(config, "utf8"));
  server = await startServer({
    stateDir: clone.stateDir,
    command: [process.execPath, join(dir, "src/cli/start.ts")],
    cwd: dir,
    args: ["--ip", "0.0.0.0"],
  });
});
afterAll(() => server?.stop());

/** Sends a request with another Host than that of its socket. */
function askAs(host: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((settle, fail) => {
    const asked = request(server.url + path, { headers: { Host: host } }, async (answer) => {
      const chunks = await answer.toArray();
      settle({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
    });
    asked.once("error", fail).end();
  });
}

describe("npm start with --ip 0.0.0.0, where the service has its own address", () => {
  test("serves this machine by http", async () => {
    expect(await logInTo(server.url)).toMatchObject({ status: 200 });
  });

  test.each(["192.168.1.7", "10.0.0.2", "laptop.local", "tollgate"])(
    "serves other machines of its network by http, such as with the Host %s",
    async (name) => {
      const host = `${name}:${server.port}`;
      const { status, text } = await askAs(host, "/.well-known/oauth-authorization-server");
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({ issuer: `http://${host}` });
    },
  );

  test("rejects http at its deployed address", async () => {
    const { status, text } = await askAs("login.example.com", "/healthz");
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { error: "invalid_request", error_description: "This service answers to https alone." },
    ]);
  });
});
