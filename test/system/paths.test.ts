import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRaw } from "../support/raw-http.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import type { WorkerdProcess } from "../support/workerd-process.ts";

let sandbox: ServerSandbox;
let server: WorkerdProcess;
beforeAll(async () => {
  sandbox = await ServerSandbox.create();
  server = await sandbox.start();
});
afterAll(async () => {
  await server?.stop();
  sandbox?.remove();
});

/** A valid login: no other path may accept it. */
const LOGIN = "client_id=public&grant_type=password&username=ada&password=correct+horse";

async function logInAt(path: string, method = "POST") {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: login.test",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${LOGIN.length}`,
  ];
  return sendRaw(server.url, `${lines.join("\r\n")}\r\n\r\n${LOGIN}`);
}

describe("a user logs in", () => {
  test.each([
    ["the token endpoint", "/o/token/"],
    ["the token endpoint without its slash", "/o/token"],
    ["an escaped letter in it, which is the same URL (RFC 3986 §6.2.2.2)", "/o/%74oken/"],
    ["its whole URL, as in a request to a proxy", "http://login.test/o/token/"],
  ])("at %s", async (_, path) => {
    const { status, text } = await logInAt(path);
    expect(status).toBe(200);
    expect(text).toContain("access_token");
  });
});

describe("the response is a 404", () => {
  test.each([
    ...["//o/token/", "///o/token/", "/o//token/", "/o/token//", "/.//o/token/"],
    ...["/O/TOKEN/", "/o/Token/", "/o/token/..;/", "/o/token;/", "/o/token/;x", "/o;/token/"],
    ...["/%2e%2e/o/token/", "/o/%2e%2e/o/token/", "/x/../o/token/", "/o/./token/", "/o/token/."],
    ...["/o%2ftoken/", "/o%2Ftoken%2F", "/o/token%2f", "/%2fo/token/", "/o/%2574oken/"],
    ...["/o/token/%00", "/o/token%00", "/o/token/%20", "/o/token/%0d%0aX-A:%20b", "/o/token/%ff"],
    ...["/o\\token/", "/\\o\\token/", "/o/token.json", "/o/token/x", "/:path", "/o/*"],
    ...["//evil.example/o/token/", "/http://login.test/o/token/"],
  ])("at %s", async (path) => {
    const { status, text } = await logInAt(path);
    expect([path, status]).toEqual([path, 404]);
    expect(text).toContain('"There is no such endpoint."');
    expect(text).not.toContain("X-A");
  });
});

describe("the platform rejects an invalid request", () => {
  test.each([
    ...["/o/token/\0", "/o/token\t", "/o/token/\xff", "o/token/", "/o/tok en/"],
    ...["/o/token\r\nX-A: b", "/o/token\rX"],
  ])("for %j", async (path) => {
    const { status, text } = await logInAt(path);
    expect(status === null || status === 400).toBe(true);
    expect(text).not.toContain("access_token");
  });

  test.each(["TRACE", "QUERY", "PUT", "post", "FOO", "POST\0", "CONNECT", "P".repeat(10_000)])(
    "or the login fails by %s",
    async (method) => {
      const { status, text } = await logInAt("/o/token/", method);
      expect(status).not.toBe(200);
      expect(text).not.toContain("access_token");
    },
  );
});
