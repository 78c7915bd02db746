import { beforeAll, describe, expect, test } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { ask, basic, type Fields, post } from "../support/requests.ts";
import { INVALID_CREDENTIALS, refusal, SUCCESS } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
beforeAll(() => registerDefaults(service));

const TOO_LARGE = refusal(413, "invalid_request", "The body is longer than 16384 bytes.");
const TOO_MANY = refusal(400, "invalid_request", "There are more than 64 parameters.");
const BODY_BYTES_MAX = 16_384;
const FORM = "application/x-www-form-urlencoded";
const HEADERS = { ...basic(CLIENT), "Content-Type": FORM };
const BOUNDARY = "tollgate";

/** How to write parameters in each media type. */
const WRITERS: readonly [contentType: string, write: (fields: Fields) => string][] = [
  [FORM, (fields) => String(new URLSearchParams(fields))],
  ["application/json", (fields) => JSON.stringify(fields)],
  [
    `multipart/form-data; boundary=${BOUNDARY}`,
    (fields) => {
      const parts = Object.entries(fields).map(([name, value]) => {
        const head = `Content-Disposition: form-data; name="${name}"`;
        return `--${BOUNDARY}\r\n${head}\r\n\r\n${value}\r\n`;
      });
      return `${parts.join("")}--${BOUNDARY}--\r\n`;
    },
  ],
];

describe.each(WRITERS)("a body of %s", (contentType, write) => {
  const headers = { ...basic(CLIENT), "Content-Type": contentType };

  /** A right login of that many bytes in all. */
  const loginOfBytes = (length: number) => {
    const bare = write({ ...LOGIN, x: "" });
    return write({ ...LOGIN, x: "y".repeat(length - bare.length) });
  };
  /** A right login of that many parameters. */
  const loginOfParameters = (count: number) => {
    const more = Array.from({ length: count - 3 }, (_, index) => [`x${index}`, "y"]);
    return write({ ...LOGIN, ...Object.fromEntries(more) });
  };

  test("may have 16 KiB and not one byte more", async () => {
    const longest = loginOfBytes(BODY_BYTES_MAX);
    expect(longest).toHaveLength(BODY_BYTES_MAX);
    expect(await post(service, longest, headers)).toEqual(SUCCESS);
    expect(await post(service, loginOfBytes(BODY_BYTES_MAX + 1), headers)).toEqual(TOO_LARGE);
  });

  test("may have 64 parameters and not one more", async () => {
    expect(await post(service, loginOfParameters(64), headers)).toEqual(SUCCESS);
    expect(await post(service, loginOfParameters(65), headers)).toEqual(TOO_MANY);
  });
});

test("parameters that are empty or repeated count too", async () => {
  const empty = Array.from({ length: 65 }, (_, index) => `x${index}=`).join("&");
  expect(await post(service, empty, HEADERS)).toEqual(TOO_MANY);
  expect(await post(service, "x=1&".repeat(65), HEADERS)).toEqual(TOO_MANY);
});

/** A body without a length, as a chunked one is; records how far it was read. */
function chunked(chunkBytes: number, chunks: number, text = "") {
  const seen = { bytes: 0, ended: false, cancelled: false };
  let left = chunks;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (text !== "") controller.enqueue(new TextEncoder().encode(text));
    },
    pull(controller) {
      if (left === 0) {
        seen.ended = true;
        controller.close();
        return;
      }
      left -= 1;
      seen.bytes += chunkBytes;
      controller.enqueue(new Uint8Array(chunkBytes).fill(0x79));
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { body, seen };
}

describe("a chunked body", () => {
  const prefix = `${new URLSearchParams(LOGIN)}&x=`;

  test("is counted while it is read", async () => {
    const left = BODY_BYTES_MAX - prefix.length;
    expect(await post(service, chunked(1, left, prefix).body, HEADERS)).toEqual(SUCCESS);
    expect(await post(service, chunked(1, left + 1, prefix).body, HEADERS)).toEqual(TOO_LARGE);
  });

  test("of up to 1 MiB is read to its end before it is rejected", async () => {
    const { body, seen } = chunked(1024, 1024);
    expect(await post(service, body, HEADERS)).toEqual(TOO_LARGE);
    expect(seen).toEqual({ bytes: 1024 * 1024, ended: true, cancelled: false });
  });

  test("without end is given up soon after 1 MiB", async () => {
    const { body, seen } = chunked(1024, Number.POSITIVE_INFINITY);
    expect(await post(service, body, HEADERS)).toEqual(TOO_LARGE);
    expect(seen).toMatchObject({ ended: false, cancelled: true });
    expect(seen.bytes).toBeGreaterThan(1024 * 1024);
    expect(seen.bytes).toBeLessThan(1100 * 1024);
  });

  test("of another media type is drained before it is rejected too", async () => {
    const { body, seen } = chunked(1024, 12);
    const answer = await post(service, body, { ...HEADERS, "Content-Type": "text/plain" });
    expect(answer).toMatchObject({ status: 415 });
    expect(seen).toMatchObject({ ended: true, cancelled: false });
  });
});

describe("a password", () => {
  const counted = createCountedService();
  const longest = `${"é".repeat(2047)}at`;
  const login = { grant_type: "password", username: "longest" };

  beforeAll(async () => {
    await service.register({ users: [{ username: "longest", password: longest }] });
    await ask(counted.service, LOGIN);
  });

  test("may have 4,096 bytes of UTF-8", async () => {
    const { answer, cost } = await counted.costOf(() => {
      return ask(counted.service, { ...login, password: longest });
    });
    expect(answer).toEqual(SUCCESS);
    expect(cost).toMatchObject({ pbkdf2: 1 });
  });

  test.each(["longest", "ada", "nobody"])(
    "of one byte more fails like a wrong one, unhashed, for %s",
    async (username) => {
      const { answer, cost } = await counted.costOf(() => {
        return ask(counted.service, { ...login, username, password: `${longest}x` });
      });
      expect(answer).toEqual(INVALID_CREDENTIALS);
      expect(cost).toEqual({ "d1.batch": 1 });
    },
  );
});
