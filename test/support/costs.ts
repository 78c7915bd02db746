/**
 * What each kind of request makes storage do: the one table from which docs/performance.md has its
 * dollars. `test/service/costs.test.ts` compares it with what the service does, so that no figure in a document can differ from what is counted.
 */

/**
 * Milliseconds of CPU, estimated from what is measured on workerd: six PBKDF2 calls of 12.4 and 3.6
 * around them; 2 for anything else, which is above what a request takes beyond the floor of
 * `npm run bench`: the floor is mostly storage as it is simulated on one machine.
 */
const CPU_MS = { login: 78, other: 2 };

/** US dollars for a million of each. Source: Cloudflare's list prices of November 2026. */
const PRICES = {
  request: 0.3,
  cpuMs: 0.02,
  kvRead: 0.5,
  kvWrite: 5,
  objectCall: 0.15,
  objectRow: 1,
  gbSecond: 12.5,
  d1Row: 1,
  /** A line of Workers Logs, after the first 20 million a month. */
  logLine: 0.6,
};

/** A request logs one line. wrangler.toml turns off Cloudflare's own, one per Worker and object call. */
const LOG_LINES = 1;

/** An object has 128 MB, and a call is taken to last 10 ms. */
const GB_SECONDS_A_CALL = 0.128 * 0.01;

/** What is paid for in addition to the request itself. */
interface Effort {
  /** As `interceptBindings` names them. */
  readonly operations: readonly string[];
  /** Rows that objects write. */
  readonly objectRows: number;
  /** Rows that D1 writes. */
  readonly d1Rows: number;
}

/** One kind of request, of a client that its isolate remembers and a user at a known origin. */
export interface RequestKind extends Omit<Effort, "operations"> {
  /** Steps until the response, one after the other; the operations of a step go side by side. */
  readonly path: readonly (readonly string[])[];
  /** What goes on after the response. */
  readonly deferred: readonly string[];
  readonly cpuMs: number;
  /** What the same request causes months later. */
  readonly cleanUp: Effort;
}

const NOTHING: Effort = { operations: [], objectRows: 0, d1Rows: 0 };
const READING = { ...NOTHING, deferred: [], cpuMs: CPU_MS.other, cleanUp: NOTHING };
const LOGIN = {
  deferred: ["d1.batch", "failures.settle"],
  objectRows: 2,
  d1Rows: 1,
  cpuMs: CPU_MS.login,
  cleanUp: { operations: ["family.alarm"], objectRows: 1, d1Rows: 0 },
};
const REFRESH = { ...READING, objectRows: 1 };
const EXCHANGE = {
  ...LOGIN,
  deferred: ["d1.batch"],
  path: [["d1.batch"], ["family.redeem"]],
  cpuMs: CPU_MS.other,
};

/** Every kind, by its name in the tables. */
export const REQUESTS = {
  "login by password": {
    ...LOGIN,
    path: [["d1.batch", "failures.admit"], ["family.start"]],
    deferred: ["d1.batch", "failures.settle", "kv.put"],
  },
  "login by password, JWT": { ...LOGIN, path: [["d1.batch", "failures.admit"], ["family.start"]] },
  refresh: { ...REFRESH, path: [["d1.batch"], ["family.rotate"]], deferred: ["kv.put"] },
  "refresh, JWT": { ...REFRESH, path: [["d1.batch"], ["family.rotate"]] },
  "authorization, signed in and consented": { ...READING, path: [["d1.batch"]] },
  "code exchange": { ...EXCHANGE, deferred: ["d1.batch", "kv.put"] },
  "code exchange, JWT": { ...EXCHANGE },
  "client credentials": { ...READING, path: [["d1.batch"]], deferred: ["kv.put"] },
  "client credentials, JWT": { ...READING, path: [["d1.batch"]] },
  "introspection, login's token": { ...READING, path: [["d1.batch", "family.inspect"]] },
  "introspection, login's JWT": { ...READING, path: [["d1.batch", "family.inspect"]] },
  "introspection, client's token": { ...READING, path: [["d1.batch"]] },
  "introspection, client's JWT": { ...READING, path: [["d1.batch"]] },
  "RPC `verify`, opaque token": { ...READING, path: [["kv.get"]] },
  "RPC `verify`, younger than 5 s": { ...READING, path: [["d1.batch", "family.inspect"]] },
  "RPC `verify`, JWT": { ...READING, path: [] },
  "RPC `verify`, strict": { ...READING, path: [["d1.batch", "family.inspect"]] },
  "RPC `verify`, strict, JWT": { ...READING, path: [["d1.batch", "family.inspect"]] },
  "revocation, refresh token": {
    ...READING,
    path: [["d1.batch"], ["family.revoke"]],
    deferred: ["d1.run", "kv.delete", "kv.delete"],
    objectRows: 1,
    d1Rows: 1,
  },
  "revocation, client's token": {
    ...READING,
    path: [["d1.batch"], ["d1.batch"]],
    deferred: ["kv.delete", "kv.delete"],
    d1Rows: 2,
  },
  "forged refresh token": { ...READING, path: [["d1.batch"]] },
  "forged code": { ...READING, path: [["d1.batch"]] },
  "introspection, forged token": { ...READING, path: [["d1.batch"]] },
  "RPC `verify`, forged token": { ...READING, path: [] },
  "`GET /healthz`": { ...READING, path: [["d1.first", "family.inspect", "kv.get"]] },
} satisfies Record<string, RequestKind>;

/** Name of a kind of request. */
export type RequestName = keyof typeof REQUESTS;

/** A session that is refreshed each hour is noted once a day: so much of a row of D1 a refresh. */
export const NOTES_PER_REFRESH = 1 / 24;

/** The cost of a million in US dollars, by what is charged. */
interface Dollars {
  readonly worker: number;
  readonly cpu: number;
  readonly kv: number;
  readonly objects: number;
  readonly d1: number;
  readonly logs: number;
  /** All of these. */
  readonly now: number;
  /** For what is cleaned up months later. */
  readonly cleanUp: number;
}

/** Computes what a million requests of a kind cost. */
export function dollarsOf(name: RequestName): Dollars {
  const kind: RequestKind = REQUESTS[name];
  const notes = kind.path.flat().includes("family.rotate") ? NOTES_PER_REFRESH : 0;
  const operations = [...kind.path.flat(), ...kind.deferred];
  const parts = {
    worker: PRICES.request,
    cpu: kind.cpuMs * PRICES.cpuMs,
    ...storageDollars({ ...kind, operations, d1Rows: kind.d1Rows + notes }),
    logs: LOG_LINES * PRICES.logLine,
  };
  return { ...parts, now: sum(parts), cleanUp: sum(storageDollars(kind.cleanUp)) };
}

function storageDollars({ operations, objectRows, d1Rows }: Effort) {
  const calls = (pattern: RegExp) => operations.filter((name) => pattern.test(name)).length;
  const objectCalls = calls(/^(?:family|failures|assertion|password)\./);
  return {
    kv: calls(/^kv\.get/) * PRICES.kvRead + calls(/^kv\.(?:put|delete)$/) * PRICES.kvWrite,
    objects:
      objectCalls * (PRICES.objectCall + GB_SECONDS_A_CALL * PRICES.gbSecond) +
      objectRows * PRICES.objectRow,
    d1: d1Rows * PRICES.d1Row,
  };
}

function sum(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}
