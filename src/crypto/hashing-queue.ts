import { Refusal } from "../errors/refusal.ts";
import type { InTurn } from "./password-hash.ts";

/** Polling interval of a waiting derivation, in milliseconds. */
const POLL_MS = 5;

/**
 * After this time without activity a derivation is considered dead, in milliseconds: when a caller
 * disconnects, the platform drops the request, and nothing after its `await` runs, not even a
 * `finally`. A derivation takes a tenth of a second, in production and on a laptop.
 */
const LIFE_MS = 3_000;

/** What {@link createHashingQueue} needs. */
export interface HashingQueueOptions {
  /** Most derivations in the queue, running or waiting; further ones are rejected. */
  readonly hashesMax: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Builds a queue in which derivations of this isolate run one at a time. Each blocks the thread:
 * in parallel none would finish sooner, and other requests would wait for all.
 *
 * Waiters poll instead of being woken by their predecessor: the runtime may drop a request without
 * running its `finally`. The queue throws Refusal `hashing_busy`, before any work, when it is full.
 *
 * @example
 * const inTurn = createHashingQueue({ hashesMax: 32, clock, wait });
 * const key = await inTurn((pause) => derive(pause));
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
        await live(POLL_MS);
        removeDead(clock());
      }
      return await derive(() => live(0));
    } finally {
      const index = queue.indexOf(own);
      if (index >= 0) queue.splice(index, 1);
    }
  };
}
