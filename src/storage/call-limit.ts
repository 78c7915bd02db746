import { DEADLINE_MS } from "../deadline.ts";
import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import { InFlight } from "../isolate.ts";

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
