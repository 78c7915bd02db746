/**
 * `npm run bench -- latency`: how long responses take where storage is near and far, and what they
 * wait for. The built Worker runs on workerd with delays in its bindings, and
 * workers-oauth-provider in the same run with the same delays. One request at a time.
 */
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { Client } from "undici";
import { FAR, NEAR } from "../test/support/storage-model/delays.ts";
import type { Vars } from "../test/support/workerd-options.ts";
import type { Waited } from "./delayed-bindings.ts";
import type { Stream } from "./drive.ts";
import { FIRST_CLIENTS, LATENCIES, type LatencyKind } from "./latency-kinds.ts";
import { installPeers, type RunningPeer, startWorkersOauthProvider } from "./peers.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

/** What is measured: how often, and how long operations take. All in milliseconds. */
export interface LatencyOptions {
  readonly requests: number;
  readonly kvWrite: number;
  readonly kvRead: number;
  readonly kvFirstRead: number;
  readonly d1Near: number;
  readonly d1Far: number;
  readonly objectNear: number;
  readonly objectFar: number;
}

/** As the document has them. */
export const LATENCY_DEFAULTS: LatencyOptions = {
  requests: 50,
  kvWrite: NEAR.kvWrite,
  kvRead: NEAR.kvRead,
  kvFirstRead: NEAR.kvFirstRead,
  d1Near: NEAR.d1,
  d1Far: FAR.d1,
  objectNear: NEAR.object,
  objectFar: FAR.object,
};

/** Where one server runs, and what its requests took. */
interface Measured {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** In words; that of most requests. */
  readonly waited: string;
}

/** Measures every kind of request. @returns the lines of the table */
export async function measureLatency(options: LatencyOptions): Promise<readonly string[]> {
  const { kvWrite, kvRead, kvFirstRead, requests } = options;
  const kv = { kvWrite, kvRead, kvFirstRead };
  installPeers();
  const SIGNING_KEYS = await newSigningKeys();
  const near = { ...kv, d1: options.d1Near, object: options.objectNear };
  const far = { ...kv, d1: options.d1Far, object: options.objectFar };
  const nearPlace = await startPlace({ SIGNING_KEYS, DELAYS: JSON.stringify(near) }, requests);
  const farPlace = await startPlace({ SIGNING_KEYS, DELAYS: JSON.stringify(far) }, requests);
  try {
    // Both hardly use the processor: they wait.
    const [inNear, inFar] = await Promise.all([
      measurePlace(nearPlace, requests),
      measurePlace(farPlace, requests),
    ]);
    return tableOf(inNear, inFar);
  } finally {
    await nearPlace.stop();
    await farPlace.stop();
  }
}

type Measurements = ReadonlyMap<string, Measured>;

const PEER = "workers-oauth-provider, refresh";

/** The servers of one place. */
interface Place {
  readonly server: BenchServer;
  readonly peer: RunningPeer;
  stop(): Promise<void>;
}

/** Before anything is measured: to build a Worker blocks this process, which measures, for 2 s. */
async function startPlace(vars: Vars, requests: number): Promise<Place> {
  const entry = (name: string) => join(import.meta.dirname, name);
  const clients = FIRST_CLIENTS(requests);
  const server = await startBenchServer({ vars, entry: entry("delayed-service.ts"), clients });
  const peer = await startWorkersOauthProvider({ vars, entry: entry("delayed-provider.js") });
  return {
    server,
    peer,
    async stop() {
      await server.stop();
      await peer.stop();
    },
  };
}

async function measurePlace({ server, peer }: Place, requests: number): Promise<Measurements> {
  const measured = new Map<string, Measured>();
  for (const kind of LATENCIES) {
    measured.set(kind.name, await measureKind(kind, server.origins, requests));
  }
  const stream = await peer.stream();
  const kind = { start: async () => async () => stream };
  measured.set(PEER, await measureKind(kind, { ours: stream.origin, caller: "" }, requests));
  return measured;
}

/** @param requests after one that is not counted */
async function measureKind(
  kind: Pick<LatencyKind, "start">,
  origins: { readonly ours: string; readonly caller: string },
  requests: number,
): Promise<Measured> {
  const next = await kind.start(origins);
  const times: number[] = [];
  const waits: string[] = [];
  for (let request = 0; request <= requests; request += 1) {
    const stream = await next();
    await settle(origins.ours);
    const ms = await timeOne(stream);
    const waited = await settle(origins.ours);
    if (request === 0) continue;
    times.push(ms);
    waits.push(waited.map((step) => step.join(" and ")).join(", then "));
  }
  times.sort((one, other) => one - other);
  return { p50Ms: at(times, 0.5), p99Ms: at(times, 0.99), waited: mostFrequent(waits) };
}

/** On a connection that is open, as that of a client that has just made another request. */
async function timeOne(stream: Stream): Promise<number> {
  const client = new Client(stream.origin);
  try {
    await (await client.request({ method: "GET", path: "/settle" })).body.dump();
    const { status, ...request } = stream.next();
    const beganAtMs = performance.now();
    const { statusCode, body } = await client.request({ method: "POST", ...request });
    const text = await body.text();
    const ms = performance.now() - beganAtMs;
    if (statusCode !== status) throw new Error(`${request.path} answered ${statusCode}: ${text}`);
    stream.accept(text);
    return ms;
  } finally {
    await client.destroy();
  }
}

async function settle(origin: string): Promise<Waited> {
  return (await fetch(`${origin}/settle`)).json() as Promise<Waited>;
}

async function newSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return JSON.stringify({ keys: [await exportJWK(privateKey)] });
}

function tableOf(near: Measurements, far: Measurements): readonly string[] {
  const peer = { near: near.get(PEER)?.p50Ms ?? 0, far: far.get(PEER)?.p50Ms ?? 0 };
  const rows = [...near].map(([name, inNear]) => {
    const inFar = far.get(name) ?? inNear;
    const isRefresh = name.startsWith("refresh");
    const ratios = [inNear.p50Ms / peer.near, inFar.p50Ms / peer.far];
    const cells = [
      name,
      ...[inNear.p50Ms, inNear.p99Ms, inFar.p50Ms, inFar.p99Ms].map((ms) => ms.toFixed(0)),
      isRefresh ? ratios.map((ratio) => ratio.toFixed(2)).join(" / ") : "",
      inNear.waited === "" ? "nothing" : inNear.waited,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| request | near: p50 ms | p99 ms | far: p50 ms | p99 ms | times workers-oauth-provider | the response waits for |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ];
}

function mostFrequent(all: readonly string[]): string {
  const counts = [...Map.groupBy(all, (one) => one)].sort(([, a], [, b]) => b.length - a.length);
  return counts[0]?.[0] ?? "";
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
