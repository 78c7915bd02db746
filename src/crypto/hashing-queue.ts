import { Refusal } from "../errors/refusal.ts";
import type { InTurn } from "./pbkdf2.ts";

/** How often who waits looks whether it is its turn, in milliseconds. */
const LOOK_MS = 5;

/**
 * After so long without a sign of life a derivation is taken for dead, in milliseconds: the
 * platform drops the request of a caller who hangs up, and nothing behind its `await` runs, no
 * `finally` either. A derivation itself takes a tenth of a second, in production and on a laptop.
 */
const LIFE_MS = 3_000;

/** What {@link createHashingQueue} needs. */
export interface HashingQueueOptions {
  /** Derivations of one queue under way or waiting; the rest are refused. */
  readonly hashesMax: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Lets derivations of this isolate run one after the other, and few of them: each holds the thread,
 * so that side by side none would be done sooner and everybody else would wait for all.
 *
 * Who waits looks for itself, rather than be called by the one before, who may never return.
 *
 * @throws what it builds throws Refusal `hashing_busy`, before any work, when too many wait
 */
export function createHashingQueue(options: HashingQueueOptions): InTurn {
  const { hashesMax, clock, wait } = options;
  const queue: { seenAtMs: number }[] = [];

  function removeDead(nowMs: number): void {
    for (let index = queue.length - 1; index >= 0; index -= 1) {
      if (nowMs - (queue[index]?.seenAtMs ?? 0) > LIFE_MS) queue.splice(index, 1);
    }
  }

  return async (derive) => {
    removeDead(clock());
    if (queue.length >= hashesMax) throw new Refusal("hashing_busy");
    const own = { seenAtMs: clock() };
    const live = async (ms: number) => {
      await wait(ms);
      own.seenAtMs = clock();
    };
    queue.push(own);
    try {
      while (queue.includes(own) && queue[0] !== own) {
        await live(LOOK_MS);
        removeDead(clock());
      }
      return await derive(() => live(0));
    } finally {
      const index = queue.indexOf(own);
      if (index >= 0) queue.splice(index, 1);
    }
  };
}
