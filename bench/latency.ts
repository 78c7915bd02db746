/**
 * `npm run bench -- latency`: how long requests take where storage is far, as a model. What a
 * request does, and what of it side by side, is what `npm test` sees it do (`costs.ts`); how long
 * each operation takes is assumed here, since one machine has nothing that is far.
 */
import { REQUESTS, type RequestKind, type RequestName } from "../test/support/costs.ts";

/** How long operations take, in milliseconds; each is an option of the command. */
export interface Delays {
  readonly kvWrite: number;
  /** Of a key that was read there not long ago. */
  readonly kvReadHot: number;
  readonly kvReadCold: number;
  /** From the region of the database. */
  readonly d1Near: number;
  /** From another continent. */
  readonly d1Far: number;
  readonly objectNear: number;
  readonly objectFar: number;
}

/** Published orders of magnitude. */
export const DELAYS: Delays = {
  kvWrite: 150,
  kvReadHot: 5,
  kvReadCold: 60,
  d1Near: 10,
  d1Far: 120,
  objectNear: 15,
  objectFar: 120,
};

/** How long each kind of operation takes in one place. */
interface Place {
  readonly d1: number;
  readonly object: number;
  readonly kvRead: number;
  readonly kvWrite: number;
  /** Between the client's data centre and the Worker. */
  readonly hop?: number;
  /** Whether the row of a client is remembered, so that nobody asks D1 for it alone. */
  readonly remembersClients?: boolean;
}

/** Requests that ask D1 for nothing but their client. */
const OF_A_CLIENT_ALONE: ReadonlySet<RequestName> = new Set([
  "client credentials",
  "client credentials, JWT",
  "forged refresh token",
  "introspection, forged token",
]);

type Columns = Readonly<Record<string, (name: RequestName) => number>>;

function columnsFor(delays: Delays): Columns {
  const { kvWrite, d1Near, d1Far, objectNear, objectFar } = delays;
  const near = { kvWrite, kvRead: delays.kvReadHot, d1: d1Near, object: objectNear };
  const far = { ...near, d1: d1Far };
  const allFar = { ...far, object: objectFar, kvRead: delays.kvReadCold };
  const placed = { ...near, hop: d1Far - d1Near };
  return {
    steps: (name) => REQUESTS[name].path.length,
    "D1 near": (name) => latencyOf(name, near, Math.max),
    "D1 far": (name) => latencyOf(name, far, Math.max),
    "one by one": (name) => latencyOf(name, far, add),
    "all far": (name) => latencyOf(name, allFar, Math.max),
    "placed at D1": (name) => latencyOf(name, isPlaced(name) ? placed : far, Math.max),
    "replicas of D1": (name) => latencyOf(name, { ...far, d1: d1Near }, Math.max),
    "remembered clients": (name) => latencyOf(name, { ...far, remembersClients: true }, Math.max),
  };
}

/** The lines of the table. */
export function latencyTable(delays: Delays): readonly string[] {
  const columns = columnsFor(delays);
  const names = Object.keys(REQUESTS) as RequestName[];
  return [
    ["p50 in ms", ...Object.keys(columns)],
    ["---", ...Object.keys(columns).map(() => "---")],
    ...names.map((name) => [name, ...Object.values(columns).map((column) => column(name))]),
  ].map((cells) => `| ${cells.join(" | ")} |`);
}

/** Prints the table of docs/performance.md. */
export function printLatencyModel(delays: Delays): void {
  for (const line of latencyTable(delays)) console.log(line);
}

/** @param together how long the operations of one step take */
function latencyOf(
  name: RequestName,
  place: Place,
  together: (...ms: readonly number[]) => number,
): number {
  const { path, cpuMs }: RequestKind = REQUESTS[name];
  const isSpared = place.remembersClients === true && OF_A_CLIENT_ALONE.has(name);
  const steps = path.map((operations) => {
    return together(...operations.map((one) => (isSpared && isD1(one) ? 0 : delayOf(one, place))));
  });
  return add(place.hop ?? 0, ...steps, cpuMs);
}

function delayOf(operation: string, { d1, object, kvRead, kvWrite }: Place): number {
  if (isD1(operation)) return d1;
  if (operation === "kv.get") return kvRead;
  return operation.startsWith("kv.") ? kvWrite : object;
}

/** Placement moves `fetch` alone. Source: Workers, "Placement". */
function isPlaced(name: RequestName): boolean {
  return !name.startsWith("RPC");
}

function isD1(operation: string): boolean {
  return operation.startsWith("d1.");
}

function add(...ms: readonly number[]): number {
  return ms.reduce((total, one) => total + one, 0);
}
