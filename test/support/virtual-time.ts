import { vi } from "vitest";

/** Turns of the event loop in which WebCrypto and the promises of a request come to an end. */
const TURNS = 3;

/**
 * Time that passes only when everything waits, so that minutes take milliseconds. It moves the
 * stopped clock of `support/clock.ts`, and takes the place of the service's own pauses.
 */
export class VirtualTime {
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  #isRunning = false;
  readonly #busy = new Set<Promise<unknown>>();

  /** Waits for that long in virtual time; before {@link run}, not at all. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isRunning) return;
    await new Promise<void>((wake) => this.#sleepers.push({ atMs: Date.now() + ms, wake }));
  }

  /** Lets no time pass during a real operation. */
  busyWith<Result>(work: Promise<Result>): Promise<Result> {
    this.#busy.add(work);
    return work.finally(() => this.#busy.delete(work));
  }

  /** Lets time pass until `start` and all that it started are done. */
  async run(start: () => Promise<unknown>): Promise<void> {
    const turn = scheduler.wait.bind(scheduler, 0);
    const spy = vi.spyOn(scheduler, "wait").mockImplementation((ms) => this.sleep(ms));
    this.#isRunning = true;
    let isDone = false;
    const done = start().finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    try {
      while (!isDone || this.#sleepers.length > 0) {
        await this.#settle(turn);
        this.#wakeNext();
      }
    } finally {
      spy.mockRestore();
    }
    await done;
  }

  async #settle(turn: () => Promise<void>): Promise<void> {
    for (let quiet = 0; quiet < TURNS; quiet += 1) {
      if (this.#busy.size > 0) quiet = 0;
      await Promise.allSettled(this.#busy);
      await turn();
    }
  }

  /** Wakes all that wait for the next moment, together. */
  #wakeNext(): void {
    const nextAtMs = Math.min(...this.#sleepers.map(({ atMs }) => atMs));
    const isNext = ({ atMs }: { atMs: number }) => atMs === nextAtMs;
    const next = this.#sleepers.filter(isNext);
    this.#sleepers = this.#sleepers.filter((each) => !isNext(each));
    if (next.length > 0) vi.setSystemTime(Math.max(Date.now(), nextAtMs));
    for (const { wake } of next) wake();
  }
}
