/** Memory that lives as long as an isolate, with a limit. */

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
