import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { RING_KEY_BYTES } from "../src/crypto/key-ring.ts";
import { migratedDatabase, register } from "../test/support/service-database.ts";
import { buildWorker, type Vars, workerdOptions } from "../test/support/workerd-options.ts";
import { WorkerdProcess } from "../test/support/workerd-process.ts";

/** As wrangler.toml has them: making the user's record needs them too. */
const VARS = { PASSWORD_HASH_ROUNDS: 6, PASSWORD_LENGTH_MIN: 8 };

const REGISTRY = {
  clients: [
    {
      client_id: "confidential",
      client_secret: "secret",
      grant_types: ["password", "refresh_token", "client_credentials"],
    },
  ],
  users: [{ username: "ada", password: "correct horse" }],
};

/** What a server begins with, beyond one client and one user. */
export interface BenchState {
  readonly vars?: Vars;
  /** A Worker around the service. */
  readonly entry?: string;
  readonly clients?: readonly object[];
  /** Fills what is in the folder, while nothing runs. */
  readonly fill?: (stateDir: string) => void;
}

/** The service, the floor, and a Worker that asks either by RPC: all in one workerd. */
export interface BenchServer {
  readonly pid: number;
  /** Where each listens, without a path. */
  readonly origins: { readonly ours: string; readonly floor: string; readonly caller: string };
  /** Where their state is, for people. */
  readonly stateOn: string;
  stop(): Promise<void>;
}

/**
 * Builds the Worker as a deployment does and starts it. All three share the process and the tables,
 * so that nothing but their code differs; only one of them is asked at a time.
 */
export async function startBenchServer(given: BenchState = {}): Promise<BenchServer> {
  const { folder, stateOn, remove } = makeStateFolder();
  const workerDir = join(folder, "worker");
  buildWorker(workerDir, given.entry === undefined ? {} : { entry: given.entry });
  const [floorPort, callerPort] = await freePorts();
  const vars = { ...VARS, ...given.vars, TOKEN_KEYS: randomBytes(RING_KEY_BYTES).toString("hex") };
  const others = [floorWorker(floorPort), callingWorker(callerPort)];
  const options = workerdOptions(workerDir, join(folder, "state"), vars, { others });
  const miniflare = new Miniflare(options);
  const clients = [...REGISTRY.clients, ...(given.clients ?? [])];
  await register(await migratedDatabase(miniflare), vars, { ...REGISTRY, clients });
  await miniflare.dispose();
  given.fill?.(join(folder, "state"));
  const server = await WorkerdProcess.start(options, join(folder, "run"));
  return {
    pid: server.pid,
    origins: {
      ours: new URL(server.url).origin,
      floor: `http://127.0.0.1:${floorPort}`,
      caller: `http://127.0.0.1:${callerPort}`,
    },
    stateOn,
    async stop() {
      await server.stop();
      remove();
    },
  };
}

/**
 * Makes a folder for state, which goes when the process exits at the latest. On a disk each write of
 * a Durable Object waits for it: what would be measured is the disk.
 */
export function makeStateFolder(): { folder: string; stateOn: string; remove: () => void } {
  const [parent, stateOn] = hasRamDisk() ? ["/dev/shm", "a RAM disk"] : [tmpdir(), "disk"];
  const folder = mkdtempSync(join(parent, "tollgate-bench-"));
  const remove = () => {
    process.off("exit", remove);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once("exit", remove);
  return { folder, stateOn, remove };
}

function hasRamDisk(): boolean {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const COMPATIBILITY_DATE = "2026-11-01";

function floorWorker(port: number) {
  return {
    ...scriptOf("floor-worker.js"),
    name: "floor",
    d1Databases: { DB: "DB" },
    kvNamespaces: { ACCESS_TOKENS: "FLOOR_TOKENS" },
    durableObjects: { FAMILIES: { className: "FloorFamily", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
}

function callingWorker(port: number) {
  return {
    ...scriptOf("calling-worker.js"),
    name: "caller",
    serviceBindings: {
      TOKENS: { name: "tollgate", entrypoint: "TokenVerifier" },
      FLOOR: { name: "floor", entrypoint: "FloorVerifier" },
    },
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
}

function scriptOf(name: string) {
  return {
    modules: [{ type: "ESModule" as const, path: join(import.meta.dirname, name) }],
    modulesRoot: import.meta.dirname,
    compatibilityDate: COMPATIBILITY_DATE,
  };
}

/** Another process may take one in between; then the start fails and says so. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map((server) => {
      return new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
      });
    }),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
