/** The limits of one isolate: its memory, its work in progress, and its calls to storage. */
import type { RefusalReason } from "./errors/index.ts";
import { Refusal, Unavailable } from "./errors/refusal.ts";
import { measure } from "./telemetry/request-log.ts";

/** A map with a size limit: the oldest entries are dropped, so that callers cannot make it grow. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #sizeMax: number;

  /** @param sizeMax most entries */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry and makes it the newest. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#sizeMax && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** One piece of work in progress. */
export interface Work {
  seenAtMs: number;
}

/**
 * Work of this isolate that is in progress, in the order in which it began. When a caller
 * disconnects, the platform drops the request, and nothing after its `await` runs, not even a
 * `finally`. So work without a sign of life for some time counts as ended.
 */
export class InFlight {
  readonly #begun = new Set<Work>();
  readonly #silentMsMax: number;
  readonly #clock: () => number;

  /**
   * @param silentMsMax after this time without {@link touch} work counts as ended, in milliseconds
   * @param clock milliseconds since the epoch
   */
  constructor(silentMsMax: number, clock: () => number) {
    this.#silentMsMax = silentMsMax;
    this.#clock = clock;
  }

  get size(): number {
    this.#removeDead();
    return this.#begun.size;
  }

  /** How many in progress began before it; 0 also when it counts as ended. */
  countBefore(work: Work): number {
    this.#removeDead();
    return Math.max(0, [...this.#begun].indexOf(work));
  }

  begin(): Work {
    const work = { seenAtMs: this.#clock() };
    this.#begun.add(work);
    return work;
  }

  /** Shows that it is still in progress. */
  touch(work: Work): void {
    work.seenAtMs = this.#clock();
  }

  end(work: Work): void {
    this.#begun.delete(work);
  }

  #removeDead(): void {
    const nowMs = this.#clock();
    for (const work of this.#begun) {
      if (nowMs - work.seenAtMs >= this.#silentMsMax) this.#begun.delete(work);
    }
  }
}

/**
 * Deadline of one storage operation of a request, in milliseconds. A rotation, a KV write and the
 * client's pause fit into the retry window of 10 seconds: a client that is told to retry must not
 * be too late.
 */
export const DEADLINE_MS = 3_000;

/**
 * Deadline of a command's D1 operation, in milliseconds. Long, since no request waits for it, files
 * may be large, and a write that timed out may still take effect.
 */
export const COMMAND_DEADLINE_MS = 120_000;

/**
 * Runs one storage operation, and counts and times it for the log. Every error, including a
 * timeout, becomes {@link Unavailable}, so that a storage failure never looks like a rejected
 * request. An operation that timed out may still take effect: all of them can be repeated.
 *
 * @example
 * const row = await callWithDeadline("d1.find_client", () => statement.first());
 *
 * @param operation its name in the log: kind and name
 * @param deadlineMs longer for commands
 * @throws Unavailable
 */
export async function callWithDeadline<Result>(
  operation: string,
  run: () => Promise<Result>,
  deadlineMs: number = DEADLINE_MS,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response in ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await measure(operation, () => Promise.race([run(), deadline]));
  } catch (error) {
    throw new Unavailable(operation, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Limits the calls of this isolate that wait for one object: further ones are rejected. */
export interface CallLimit {
  /**
   * Calls an object.
   *
   * @throws Refusal when too many calls wait for it
   */
  run<Result>(object: string, call: () => Promise<Result>): Promise<Result>;
}

/** Most calls of one isolate that wait for one object. */
export const CALLS_IN_FLIGHT_MAX = 32;

/** After so long a call counts as dropped, in milliseconds: its deadline has passed long ago. */
const CALL_MS_MAX = 2 * DEADLINE_MS;

/** Builds a {@link CallLimit}. @param reason of the Refusal that it throws */
export function createCallLimit(reason: RefusalReason, clock: () => number): CallLimit {
  const callsByObject = new Map<string, InFlight>();

  /** Looks at the two objects that were looked at longest ago: more than one call can add. */
  function sweep(): void {
    for (let looks = 0; looks < 2; looks += 1) {
      const [oldest] = callsByObject;
      if (oldest === undefined) return;
      const [object, calls] = oldest;
      callsByObject.delete(object);
      if (calls.size > 0) callsByObject.set(object, calls);
    }
  }

  return {
    async run(object, make) {
      sweep();
      const calls = callsByObject.get(object) ?? new InFlight(CALL_MS_MAX, clock);
      if (calls.size >= CALLS_IN_FLIGHT_MAX) throw new Refusal(reason);
      callsByObject.set(object, calls);
      const own = calls.begin();
      try {
        return await make();
      } finally {
        calls.end(own);
        const isLast = calls.size === 0 && callsByObject.get(object) === calls;
        if (isLast) callsByObject.delete(object);
      }
    },
  };
}
