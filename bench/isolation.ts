/**
 * `node bench/isolation.ts`: what a request that does nothing waits beside streams of logins,
 * for each place where passwords could be hashed. Prints the table of docs/performance.md.
 */
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const MANNERS = ["inline", "pauses", "queue", "object", "service"] as const;
const STREAMS = [1, 4, 16];
const TURN_MS = 4_000;

/** Who does nothing asks so often. */
const PAUSE_MS = 5;

const scriptPath = join(import.meta.dirname, "isolation-worker.js");
const worker = {
  modules: [{ type: "ESModule" as const, path: scriptPath }],
  modulesRoot: import.meta.dirname,
  compatibilityDate: "2026-11-01",
};
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    workers: [
      {
        ...worker,
        name: "main",
        durableObjects: { HASHERS: { className: "Hasher", useSQLite: true } },
        serviceBindings: { HASHING: { name: "hashing", entrypoint: "HashingService" } },
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      },
      {
        ...worker,
        name: "hashing",
        durableObjects: { HASHERS: { className: "Hasher", useSQLite: true } },
        serviceBindings: { HASHING: { name: "hashing", entrypoint: "HashingService" } },
      },
    ],
  }),
);
await miniflare.ready;
const { href } = await miniflare.unsafeGetDirectURL();
const agent = new Agent({ keepAlive: true });

console.log("| streams of logins | hashed | logins a second | no-op p50 ms | p99 ms |");
console.log("| --- | --- | --- | --- | --- |");
for (const streams of [0, ...STREAMS]) {
  for (const manner of streams === 0 ? ["noop" as const] : MANNERS) {
    const { logins, times } = await measure(manner, streams);
    const figures = [logins / (TURN_MS / 1000), at(times, 0.5), at(times, 0.99)];
    console.log(`| ${streams} | ${manner} | ${figures.map((one) => one.toFixed(1)).join(" | ")} |`);
  }
}
agent.destroy();
await miniflare.dispose();

async function measure(manner: string, streams: number) {
  const times: number[] = [];
  let logins = 0;
  let isOver = false;
  const stream = async () => {
    while (!isOver) {
      await get(manner);
      // One that ends after the turn was not made in it.
      if (!isOver) logins += 1;
    }
  };
  const work = Array.from({ length: streams }, stream);
  const endsAtMs = performance.now() + TURN_MS;
  while (performance.now() < endsAtMs) {
    await wait(PAUSE_MS);
    const beganAtMs = performance.now();
    await get("noop");
    times.push(performance.now() - beganAtMs);
  }
  isOver = true;
  await Promise.all(work);
  return { logins, times: times.sort((one, other) => one - other) };
}

function get(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${href}${path}`, { agent }, (response) => {
      response.resume();
      response.once("end", resolve);
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
