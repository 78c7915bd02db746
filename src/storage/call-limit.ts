import { DEADLINE_MS } from "../deadline.ts";
import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";

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

/**
 * After so long a call counts no more, in milliseconds: it was given up on long since. The platform
 * drops the request of a caller who hangs up, and nothing behind its `await` runs, no `finally`
 * either.
 */
const CALL_MS_MAX = 2 * DEADLINE_MS;

interface Call {
  readonly atMs: number;
}

/** Builds a {@link CallLimit}. @param reason of the Refusal that it throws */
export function createCallLimit(reason: RefusalReason, clock: () => number): CallLimit {
  const begunAtMs = new Map<string, Set<Call>>();

  /** Looks at the two objects that were looked at longest ago: more than one call can add. */
  function sweep(nowMs: number): void {
    for (let looks = 0; looks < 2; looks += 1) {
      const [oldest] = begunAtMs;
      if (oldest === undefined) return;
      const [object, waiting] = oldest;
      removeDead(waiting, nowMs);
      begunAtMs.delete(object);
      if (waiting.size > 0) begunAtMs.set(object, waiting);
    }
  }

  return {
    async run(object, make) {
      const nowMs = clock();
      sweep(nowMs);
      const waiting = begunAtMs.get(object) ?? new Set();
      removeDead(waiting, nowMs);
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

function removeDead(calls: Set<Call>, nowMs: number): void {
  for (const call of calls) {
    if (nowMs - call.atMs > CALL_MS_MAX) calls.delete(call);
  }
}
