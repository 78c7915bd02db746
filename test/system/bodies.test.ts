import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { residentBytes } from "../support/memory.ts";
import { asChunk, flood, type RawAnswer, type RawWriter, sendRaw } from "../support/raw-http.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import type { WorkerdProcess } from "../support/workerd-process.ts";

const HUGE = 100_000_000;
const MEBIBYTE = 1024 * 1024;

/** What a socket and workerd buffer of a body before the rejection is sent. */
const TAKEN_MAX = 32 * MEBIBYTE;

/** Far below one body of the flood. Memory is freed late, and in steps. */
const GROWTH_MAX = 64 * MEBIBYTE;

/** Tries of a request whose response was lost. */
const ATTEMPTS_MAX = 5;

const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";
const LOGIN = "client_id=public&grant_type=password&username=ada&password=correct+horse";

let sandbox: ServerSandbox;
let server: WorkerdProcess;
beforeAll(async () => {
  sandbox = await ServerSandbox.create({ MANAGEMENT_API: "on" });
  server = await sandbox.start();
});
afterAll(async () => {
  await server?.stop();
  sandbox?.remove();
});

const head = (...lines: readonly string[]) => {
  const all = ["POST /o/token/ HTTP/1.1", "Host: login.test", ...lines];
  return `${all.join("\r\n")}\r\n\r\n`;
};
const lengthOf = (body: string | number) => {
  return `Content-Length: ${typeof body === "number" ? body : Buffer.byteLength(body, "latin1")}`;
};
const form = (body: string, type = FORM.trim()) => head(type, lengthOf(body)) + body;
const json = (body: string) => form(body, "Content-Type: application/json");

/** The body of the first response. */
const bodyOf = (text: string): unknown => {
  const [, body = ""] = text.split("\r\n\r\n");
  return JSON.parse(body.replace(/HTTP\/1\.1.*$/s, ""));
};
const send = (write: RawWriter | string) => sendRaw(server.url, write);

/** A reset by the server may overtake its response: then the client retries. */
async function sendUntilAnswered(write: RawWriter): Promise<RawAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(write);
    if (answer.status !== null || attempt === ATTEMPTS_MAX) return answer;
  }
}

const invalid = (error_description: string) => ({ error: "invalid_request", error_description });

const TOO_LARGE = invalid("The body is longer than 16384 bytes.");
const INCOMPLETE = invalid("The body broke off before its end.");

test("a valid login over the socket succeeds", async () => {
  const { status, text } = await send(form(LOGIN));
  expect(status).toBe(200);
  expect(bodyOf(text)).toMatchObject({ token_type: "Bearer" });
});

test("a valid login, a byte at a time, also succeeds, and others need not wait", async () => {
  let others = 0;
  const slow = await send(async (socket) => {
    for (const byte of form(LOGIN)) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
      if (byte === "&") others += Number((await send(form(LOGIN))).status === 200);
    }
  });
  expect(slow.status).toBe(200);
  expect(others).toBe(3);
});

describe("a body that is too long", () => {
  test.each([
    ["by one byte", 16_385],
    ["by a megabyte", MEBIBYTE],
    ["by 100 MB", HUGE],
  ])("%s is rejected with and without a length, before most of it is read", async (_, bytes) => {
    for (const [line, frame] of [
      [lengthOf(bytes)],
      ["Transfer-Encoding: chunked", asChunk],
    ] as const) {
      const end = frame === undefined ? "" : "0\r\n\r\n";
      const write: RawWriter = async (socket, hasEnded) => {
        await flood(head(FORM.trim(), line), bytes, frame)(socket, hasEnded);
        if (!hasEnded()) socket.write(end);
      };
      const { status, text, bytesTaken } = await sendUntilAnswered(write);
      expect([status, bodyOf(text)]).toEqual([413, TOO_LARGE]);
      expect(bytesTaken).toBeLessThan(Math.min(TAKEN_MAX, 2 * bytes + 1000));
    }
  });

  test.each([
    ["a scope of 50,000 characters", form(`${LOGIN}&scope=${"read+".repeat(10_000)}`)],
    ["JSON of 100,000 brackets", json("[".repeat(100_000))],
    ["thousands of parameters", form("a=1&".repeat(5000))],
  ])("is rejected for its length alone: %s", async (_, request) => {
    const { status, text } = await send(request);
    expect([status, bodyOf(text)]).toEqual([413, TOO_LARGE]);
  });
});

describe("a body that is short, and expensive to parse", () => {
  test.each([
    ["thousands of parameters", form("a&".repeat(8000)), "There are more than 64 parameters."],
    [
      "brackets, 16,000 deep",
      json(`{"scope":${"[".repeat(8000)}${"]".repeat(8000)}}`),
      "The body is not a JSON object of strings, each name once.",
    ],
  ])("is rejected: %s", async (_, request, description) => {
    const { status, text } = await send(request);
    expect([status, bodyOf(text)]).toEqual([400, invalid(description)]);
  });

  test("is rejected for its encoding: a megabyte of zeros is not decompressed", async () => {
    const zeros = gzipSync("0".repeat(MEBIBYTE));
    const lines = head(FORM.trim(), "Content-Encoding: gzip", lengthOf(zeros.length));
    const { status, text } = await send(lines + zeros.toString("latin1"));
    expect(status).toBe(415);
    expect(bodyOf(text)).toMatchObject({ error: "invalid_request" });
  });
});

describe("a Content-Length that is wrong", () => {
  test("is too long: the body is incomplete, which is a 400", async () => {
    const broken: RawWriter = (socket) => {
      socket.end(head(FORM.trim(), lengthOf(1000)) + LOGIN);
    };
    const { status, text } = await send(broken);
    expect([status, bodyOf(text)]).toEqual([400, INCOMPLETE]);
  });

  test("is too short: the rest is another request, not part of this one", async () => {
    const { status, text } = await send(head(FORM.trim(), lengthOf(3)) + LOGIN);
    expect(status).toBe(400);
    expect(bodyOf(text)).toEqual({
      error: "unsupported_grant_type",
      error_description: "Missing grant_type parameter.",
    });
    expect(text).toContain("invalid HTTP method");
  });

  test.each(["-1", "+72", "72, 72", "72.0", "0x48", "7 2", "", "9".repeat(30), "many"])(
    "is rejected by the platform: %j",
    async (length) => {
      const { status, text } = await send(head(FORM.trim(), `Content-Length: ${length}`) + LOGIN);
      expect(status).toBe(400);
      expect(text).not.toContain("access_token");
    },
  );

  test("is sent twice, and rejected if the two differ", async () => {
    const lines = [FORM.trim(), lengthOf(LOGIN), lengthOf(3)];
    for (const two of [lines, lines.toReversed()]) {
      expect((await send(head(...two) + LOGIN)).text).not.toContain("access_token");
    }
  });

  test.each(["zz", "-3", "ffffffffffffffffff", ""])(
    "is that of a chunk, %j: the body is incomplete",
    async (length) => {
      const chunks = `${length}\r\n${LOGIN}\r\n0\r\n\r\n`;
      const request = head(FORM.trim(), "Transfer-Encoding: chunked") + chunks;
      const { status, text } = await send(request);
      expect([status, bodyOf(text)]).toEqual([400, INCOMPLETE]);
    },
  );
});

describe("a header", () => {
  test.each([
    ["8 KB", 8000, 200],
    ["64 KB", 64_000, 200],
    ["1 MB", 1_000_000, 431],
  ])("of %s", async (_, length, status) => {
    const lines = [FORM.trim(), `X-Long: ${"a".repeat(length)}`, lengthOf(LOGIN)];
    expect((await send(head(...lines) + LOGIN)).status).toBe(status);
  });

  test.each([
    ["NUL", "a\0b"],
    ["a carriage return", "a\rSet-Cookie: a=b"],
    ["a folded line", "a\r\n b"],
  ])("with %s is rejected by the platform", async (_, value) => {
    const request = head(FORM.trim(), `X-Request-Id: ${value}`, lengthOf(LOGIN)) + LOGIN;
    expect((await send(request)).status).toBe(400);
  });

  test("of bytes that are not ASCII is read and never returned", async () => {
    for (const name of ["X-Request-Id", "Origin", "Idempotency-Key", "Authorization", "cf-ray"]) {
      const request = head(FORM.trim(), `${name}: \xff\xe9\xc3`, lengthOf(LOGIN)) + LOGIN;
      const { status, text } = await send(request);
      expect(status).toBeLessThan(500);
      expect(text).toMatch(/^HTTP\/1\.1 [\x20-\x7e\r\n]+$/);
    }
  });
});

test("a flood of bodies of 100 MB does not grow the server's memory", async () => {
  const storm = async (count: number) => {
    for (let sent = 0; sent < count; sent += 4) {
      await Promise.all(
        [asChunk, undefined, asChunk, undefined].map(async (frame) => {
          const line = frame === undefined ? lengthOf(HUGE) : "Transfer-Encoding: chunked";
          const { status } = await send(flood(head(FORM.trim(), line), HUGE, frame));
          expect([413, null]).toContain(status);
        }),
      );
    }
  };
  await storm(40);
  const before = residentBytes(server.pid);
  await storm(80);
  expect(residentBytes(server.pid) - before).toBeLessThan(GROWTH_MAX);
  expect((await send(form(LOGIN))).status).toBe(200);
});
