import { Client } from "undici";
import { processorMs } from "./processor-time.ts";

/** One request, and what must come of it. */
export interface Shot {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

/** What one connection asks: each request when the one before was answered. */
export interface Stream {
  /** Of the server, without a path. */
  readonly origin: string;
  next(): Shot;
  /** Reads the answer, such as the token to send next. @throws when it is not what it must be */
  accept(text: string): void;
}

/** What a turn came to. */
export interface Turn {
  readonly requests: number;
  readonly seconds: number;
  /** Of the server's processes, for one request. */
  readonly processorMsEach: number;
  /** Milliseconds that each request took, sorted. */
  readonly times: readonly number[];
}

/**
 * Asks all streams at once, each on a connection of its own, for so many seconds.
 *
 * @param pid of the server, with everything below it
 * @throws when an answer is wrong: a figure that counts failures is worth nothing
 */
export async function drive(
  streams: readonly Stream[],
  seconds: number,
  pid: number,
): Promise<Turn> {
  const times: number[] = [];
  const processorBefore = processorMs(pid);
  const beganAtMs = performance.now();
  const endsAtMs = beganAtMs + seconds * 1000;
  await Promise.all(streams.map((stream) => ask(stream, endsAtMs, times)));
  const tookMs = performance.now() - beganAtMs;
  return {
    requests: times.length,
    seconds: tookMs / 1000,
    processorMsEach: (processorMs(pid) - processorBefore) / times.length,
    times: times.sort((one, other) => one - other),
  };
}

async function ask(stream: Stream, endsAtMs: number, times: number[]): Promise<void> {
  const client = new Client(stream.origin, { pipelining: 1 });
  try {
    do {
      const { status, ...request } = stream.next();
      const beganAtMs = performance.now();
      const { statusCode, body } = await client.request({ method: "POST", ...request });
      const text = await body.text();
      times.push(performance.now() - beganAtMs);
      if (statusCode !== status) {
        throw new Error(`${request.path} answered ${statusCode}: ${text.slice(0, 300)}`);
      }
      stream.accept(text);
    } while (performance.now() < endsAtMs);
  } finally {
    await client.destroy();
  }
}
