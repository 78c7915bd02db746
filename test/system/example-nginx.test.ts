import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { describeWithDebian } from "../support/debian.ts";
import {
  callAs,
  type ExampleApi,
  GOOD,
  INSUFFICIENT_SCOPE,
} from "../support/resource-servers/example-api.ts";
import {
  describeIntrospectingApi,
  RESOURCE_SERVER,
} from "../support/resource-servers/introspecting-api.ts";
import { isListening, startCommand } from "../support/running-command.ts";
import { freePort } from "../support/server.ts";

const PACKAGES = ["nginx-light", "libnginx-mod-http-js"] as const;
// Debian installs it into a folder that is only on root's path.
const NGINX = "/usr/sbin/nginx";
const MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/** The API itself, which trusts nginx: it returns the request's headers, or fails. */
const backend: RequestListener = async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.url === "/things/broken") response.statusCode = 500;
  if (request.url === "/things/forbidden") response.statusCode = 403;
  const { authorization } = request.headers;
  const subject = request.headers["x-token-subject"];
  const client = request.headers["x-token-client"];
  const body = Buffer.concat(chunks).toString("utf8");
  response.end(JSON.stringify({ subject, client, authorization, body }));
};

/** Runs nginx on the example, with only the addresses replaced. */
async function start(origin: string): Promise<ExampleApi> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-nginx-"));
  const api = createServer(backend).listen(0, "127.0.0.1");
  await new Promise((listening) => api.once("listening", listening));
  const port = await freePort();
  const addresses = {
    "127.0.0.1:8787": new URL(origin).host,
    "127.0.0.1:3000": `127.0.0.1:${(api.address() as AddressInfo).port}`,
    "127.0.0.1:8080": `127.0.0.1:${port}`,
  };
  writeConfiguration(folder, addresses);
  const command = await startCommand(NGINX, ["-p", folder, "-c", "nginx.conf"], {
    isReady: () => isListening(port),
  });
  return {
    url: `http://127.0.0.1:${port}/things`,
    async stop() {
      await command.stop();
      api.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeConfiguration(folder: string, addresses: Readonly<Record<string, string>>): void {
  cpSync(join(PROJECT_DIR, "examples/nginx"), folder, { recursive: true });
  let conf = readFileSync(join(folder, "api.conf"), "utf8");
  for (const [from, to] of Object.entries(addresses)) {
    expect(conf.split(from), from).toHaveLength(2);
    conf = conf.replace(from, to);
  }
  writeFileSync(join(folder, "api.conf"), conf);
  const { id, secret } = RESOURCE_SERVER;
  const credentials = btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`);
  const header = `proxy_set_header Authorization "Basic ${credentials}";`;
  writeFileSync(join(folder, "credentials.conf"), header);
  const kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const outer = [
    `load_module ${MODULE};`,
    "daemon off; pid nginx.pid; error_log stderr;",
    "events { }",
    `http { access_log off; ${kept.map((name) => `${name}_temp_path ${name};`).join(" ")}`,
    "include api.conf; }",
  ];
  writeFileSync(join(folder, "nginx.conf"), outer.join("\n"));
}

describeWithDebian(PACKAGES, "an API behind nginx", () => {
  const { logIn, url } = describeIntrospectingApi(start);

  test("the API gets the token's contents from nginx, and not the token", async () => {
    const { access_token } = await logIn("web");
    const headers = { "X-Token-Subject": "root", "X-Token-Client": "root" };
    const answer = await callAs(access_token, url(), { method: "POST", headers, body: "hello" });
    expect(answer).toMatchObject(GOOD);
    expect(JSON.parse(answer.body)).toEqual({
      subject: expect.stringMatching(/^[\da-f-]{36}$/),
      client: "web",
      body: "hello",
    });
  });

  test.each(["POST", "PUT", "PATCH", "OPTIONS", "PROPFIND"])(
    "a method that does not read needs the scope write: %s",
    async (method) => {
      const { access_token } = await logIn("web", { scope: "read" });
      expect(await callAs(access_token, url(), { method })).toMatchObject(INSUFFICIENT_SCOPE);
    },
  );

  test.each([
    ["forbidden", 403],
    ["broken", 500],
  ])("the API's own responses pass unchanged: %s", async (path, status) => {
    const { access_token } = await logIn("web");
    const answer = await callAs(access_token, `${url()}/${path}`);
    expect(answer).toMatchObject({ status, challenge: null, retryAfter: null });
    expect(JSON.parse(answer.body).client).toBe("web");
  });
});
