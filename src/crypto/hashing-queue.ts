import { Refusal } from "../errors/refusal.ts";
import { InFlight } from "../isolate.ts";
import type { InTurn } from "./password-hash.ts";

/**
 * Turns of the event loop in the pause between two rounds. Another request takes a few of them: it
 * is read, runs, and is responded to. After one turn the next round would begin in between. More
 * than three make each login slower, and others hardly faster.
 */
const PAUSE_TURNS = 3;

/**
 * Polling interval of a waiting derivation, in milliseconds, for each derivation before it. Those
 * take 12 ms or more each, so the thread is idle for one interval at most. A poll costs 0.09 ms of
 * CPU: with one interval for all, it was a tenth of the CPU of eight logins at a time.
 */
const POLL_MS = 5;

/**
 * After this time without activity a derivation counts as dropped, in milliseconds. It takes a
 * tenth of a second, in production and on a laptop.
 */
const SILENT_MS_MAX = 3_000;

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
  const queue = new InFlight(SILENT_MS_MAX, clock);

  return async (derive) => {
    if (queue.size >= hashesMax) throw new Refusal("hashing_busy");
    const own = queue.begin();
    const live = async (ms: number) => {
      await wait(ms);
      queue.touch(own);
    };
    const pause = async () => {
      for (let turn = 0; turn < PAUSE_TURNS; turn += 1) await live(0);
    };
    try {
      let before = queue.countBefore(own);
      const isQueued = before > 0;
      while (before > 0) {
        await live(before * POLL_MS);
        before = queue.countBefore(own);
      }
      // The derivation before this one ended without a pause.
      if (isQueued) await pause();
      return await derive(pause);
    } finally {
      queue.end(own);
    }
  };
}
