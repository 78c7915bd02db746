import { setTimeout as wait } from "node:timers/promises";

/**
 * How often a statement is tried while the running service holds the same file of SQLite, and how
 * long apart: the two meet now and then, for a few milliseconds.
 */
const TRIES_MAX = 100;
const PAUSE_MS = 50;

/** What workerd says when another process holds the file; at a few places it says no more. */
const HELD = /SQLITE_BUSY|internal error/;

/**
 * The connection to workerd was closed while this process bound statements. Asked again, a write
 * that took effect all the same finds its rows changed and fails: none takes effect twice.
 */
const DROPPED = /fetch failed/;

/** What asks the database, rather than makes another statement. */
const ASKING = ["all", "first", "raw", "run"];

type Call = (...args: unknown[]) => unknown;

/**
 * A database as wrangler's platform proxy gives it, made fit for commands.
 *
 * To prepare a statement and bind it, this process stands still for three answers of workerd, and a
 * file of many users would stand still for longer than workerd keeps an idle connection. So each
 * statement is prepared once: bound again, it needs one answer.
 *
 * @param isShared with a service on this machine: nothing is done of a statement that finds the
 *   file held, so that it is asked again
 */
export function proxiedDatabase(db: D1Database, isShared: boolean): D1Database {
  const prepared = new Map<string, D1PreparedStatement>();
  /** What the proxy made, which is all that it takes in a batch. */
  const originals = new WeakMap<object, D1PreparedStatement>();

  function wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        const member = Reflect.get(target, name) as Call;
        const call: Call = (...args) => member.apply(target, args);
        if (name === "bind") return (...args: unknown[]) => wrap(call(...args) as typeof target);
        return ASKING.includes(String(name))
          ? (...args: unknown[]) => ask(() => call(...args))
          : member;
      },
    });
    originals.set(wrapped, statement);
    return wrapped;
  }

  function prepare(query: string): D1PreparedStatement {
    const statement = prepared.get(query) ?? wrap(db.prepare(query));
    prepared.set(query, statement);
    return statement;
  }

  function batch(statements: readonly D1PreparedStatement[]): Promise<unknown> {
    const all = statements.map((statement) => originals.get(statement) ?? statement);
    return ask(() => db.batch(all));
  }

  async function ask(question: () => unknown): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await question();
      } catch (error) {
        const text = String(error);
        const isPassing = (isShared && HELD.test(text)) || DROPPED.test(text);
        if (!isPassing || tries === TRIES_MAX) throw error;
        await wait(PAUSE_MS);
      }
    }
  }

  const own: Partial<Record<string | symbol, unknown>> = { prepare, batch };
  return new Proxy(db, {
    get(target, name) {
      if (name in own) return own[name];
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
