import { DurableObject } from "cloudflare:workers";

/** Shortest interval between removals of expired values, in milliseconds. */
const SWEEP_MS = 60_000;

/** Most values in memory at once: a busy client uses more in an hour than an object may hold. */
const PAGE_MAX = 1000;

/**
 * The values that one owner has used for one purpose, each until it expires: see `single-use.ts`.
 * Each method is one synchronous block. The class keeps its first name, which deployments know.
 */
export class UsedAssertions extends DurableObject<unknown> {
  /**
   * Consumes a value.
   *
   * @param key a digest of the value, so that all keys have the same length
   * @returns whether this is its first use
   */
  async consume(key: string, expiresAtMs: number, nowMs: number): Promise<boolean> {
    const known = this.ctx.storage.kv.get<number>(key);
    if (known !== undefined) return false;
    this.ctx.storage.kv.put(key, expiresAtMs);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(nowMs + SWEEP_MS);
    }
    return true;
  }

  /** Removes expired values, and all storage when none is left. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const { kv } = this.ctx.storage;
    let left = 0;
    let page: [key: string, expiresAtMs: number][];
    let startAfter = "";
    do {
      page = [...kv.list<number>({ startAfter, limit: PAGE_MAX })];
      startAfter = page.at(-1)?.[0] ?? "";
      for (const [key, expiresAtMs] of page) {
        if (expiresAtMs <= nowMs) kv.delete(key);
        else left += 1;
      }
    } while (page.length === PAGE_MAX);
    if (left === 0) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(nowMs + SWEEP_MS);
  }
}
