import { vi } from "vitest";

/**
 * A clock that runs as the true one does and can be put forward. The service reads it as `Date`,
 * and D1 by {@link ShiftedClock.database}.
 */
export class ShiftedClock {
  #aheadMs = 0;

  /** Replaces `Date.now` until `vi.restoreAllMocks`. */
  install(): void {
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + this.#aheadMs);
  }

  /** Puts it forward. */
  pass(ms: number): void {
    this.#aheadMs += ms;
  }

  /** The same database, whose own clock is put forward too. */
  database(db: D1Database): D1Database {
    const prepare = (query: string) => {
      const shifted = query.replaceAll(DATABASE_CLOCK, `${DATABASE_CLOCK} + ${this.#aheadMs}`);
      if (shifted === query && query.includes("not_before_ms =")) {
        throw new Error("the database's clock is spelled otherwise now");
      }
      return db.prepare(shifted);
    };
    return new Proxy(db, {
      get(target, name) {
        if (name === "prepare") return prepare;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }
}

const DATABASE_CLOCK = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
