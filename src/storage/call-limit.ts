import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { DEADLINE_MS } from "./attempt.ts";

/** Bounds the calls of this isolate that wait for one object: a hot object is not queued up for. */
export interface CallLimit {
  /**
   * Makes one call to an object.
   *
   * @throws Refusal when too many wait for it
   */
  run<Result>(object: string, call: () => Promise<Result>): Promise<Result>;
}

/** Calls of one isolate that may wait for one object. */
export const CALLS_IN_FLIGHT_MAX = 32;

/**
 * After so long a call counts no more, in milliseconds: it was given up on long since. The platform
 * drops the request of a caller who hangs up, and nothing behind its `await` runs, no `finally`
 * either.
 */
const CALL_MS_MAX = 2 * DEADLINE_MS;

/** Builds a {@link CallLimit}. @param reason of the Refusal that it throws */
export function createCallLimit(reason: RefusalReason, clock: () => number): CallLimit {
  const begunAtMs = new Map<string, Set<{ readonly atMs: number }>>();
  return {
    async run(object, make) {
      const nowMs = clock();
      const waiting = begunAtMs.get(object) ?? new Set();
      for (const call of waiting) {
        if (nowMs - call.atMs > CALL_MS_MAX) waiting.delete(call);
      }
      if (waiting.size >= CALLS_IN_FLIGHT_MAX) throw new Refusal(reason);
      const own = { atMs: nowMs };
      begunAtMs.set(object, waiting.add(own));
      try {
        return await make();
      } finally {
        waiting.delete(own);
        const isLast = waiting.size === 0 && begunAtMs.get(object) === waiting;
        if (isLast) begunAtMs.delete(object);
      }
    },
  };
}
