import { setTimeout as wait } from "node:timers/promises";

/**
 * How often, and at what interval, a statement is retried while the running service locks the same
 * SQLite file. Such locks last a few milliseconds.
 */
const TRIES_MAX = 100;
const PAUSE_MS = 50;

/** Errors of workerd when another process locks the file; some calls report only the second. */
const LOCKED = /SQLITE_BUSY|internal error/;

/**
 * The connection to workerd was closed while this process bound statements. A retry is safe: if
 * the write did take effect, its guards fail, so it never takes effect twice.
 */
const DROPPED = /fetch failed/;

/** Methods of a statement that query the database. */
const EXECUTING = ["all", "first", "raw", "run"];

type Call = (...args: unknown[]) => unknown;

/**
 * Wraps the database of wrangler's platform proxy with retries and a cache of prepared statements.
 *
 * Preparing and binding a statement blocks this process for three round trips to workerd. With many
 * statements that takes longer than workerd keeps an idle connection open. A prepared statement
 * needs only one round trip to be bound again.
 *
 * @param isShared whether a local service may use the same file. A statement that finds it locked
 *   has no effect, so it is retried.
 */
export function proxiedDatabase(db: D1Database, isShared: boolean): D1Database {
  const prepared = new Map<string, D1PreparedStatement>();
  /** The proxy's own statements; its `batch` accepts no others. */
  const originals = new WeakMap<object, D1PreparedStatement>();

  function wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        const member = Reflect.get(target, name) as Call;
        const call: Call = (...args) => member.apply(target, args);
        if (name === "bind") return (...args: unknown[]) => wrap(call(...args) as typeof target);
        return EXECUTING.includes(String(name))
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
        const isTransient = (isShared && LOCKED.test(text)) || DROPPED.test(text);
        if (!isTransient || tries === TRIES_MAX) throw error;
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
