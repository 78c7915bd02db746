import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, inject, test } from "vitest";

const { url } = inject("server");

/** Up to 1 MiB, which the service reads of a body that it rejects. */
const SIZES = { "20 KB": 20_000, "900 KB": 900_000 };

/** Sends a body through `wrangler dev`'s own proxy, which drops responses to unread bodies. */
async function upload(bytes: number, headers: readonly string[]): Promise<string> {
  const args = ["-sS", ...headers.flatMap((header) => ["-H", header])];
  const format = "\n%{http_code} %{content_type}";
  const curl = spawn("curl", [...args, "-w", format, "--data-binary", "@-", `${url}/o/token/`]);
  let output = "";
  for (const stream of [curl.stdout, curl.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  curl.stdin.on("error", () => {});
  curl.stdin.end(Buffer.alloc(bytes, "a"));
  await once(curl, "close");
  return output;
}

test.each([
  ["20 KB", "chunked", ["Transfer-Encoding: chunked", "Expect:"]],
  ["900 KB", "chunked", ["Transfer-Encoding: chunked", "Expect:"]],
  ["20 KB", "of a given length", []],
  ["900 KB", "of a given length", ["Expect:"]],
] as const)("a body of %s, %s, gets a 413 in JSON", async (size, _, headers) => {
  const [body = "", line] = (await upload(SIZES[size], headers)).split("\n");
  expect(JSON.parse(body)).toEqual({
    error: "invalid_request",
    error_description: "The body is longer than 16384 bytes.",
  });
  expect(line).toBe("413 application/json");
});
