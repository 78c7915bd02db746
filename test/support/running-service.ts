import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { migratedDatabase, type RegistryEntries, register } from "./service-database.ts";
import { buildWorker, type Vars, workerdOptions } from "./workerd-options.ts";

/** What every running service has unless a test says otherwise. */
const DEFAULT_VARS: Vars = {
  TOKEN_KEYS: "5e".repeat(32),
  PASSWORD_HASH_ROUNDS: 1,
  PASSWORD_LENGTH_MIN: 8,
  FAILED_LOGIN_SECONDS_MIN: 0,
  RATE_LIMITS: "off",
};

/** The built Worker in workerd, listening on a port of its own, with state of its own. */
export interface RunningService {
  /** Its origin, and so its issuer: `http://127.0.0.1:40000`. */
  readonly origin: string;
  /** Makes or updates clients and users while it runs. */
  register(entries: RegistryEntries): Promise<void>;
  /** Ends it and removes its state. */
  stop(): Promise<void>;
}

/** State that commands have written, and where the service listens with it. */
interface Place {
  /** As `--persist-to` has it. */
  readonly stateDir: string;
  readonly port: number;
}

/**
 * Builds, migrates, registers and starts. Whatever listens there is the service itself.
 *
 * @param place instead of a state and a port of its own
 */
export async function startRunningService(
  entries: RegistryEntries,
  vars: Vars = {},
  place?: Place,
): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-"));
  const allVars = { ...DEFAULT_VARS, ...vars };
  let miniflare: Miniflare | undefined;
  async function stop(): Promise<void> {
    await miniflare?.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  try {
    const workerDir = join(folder, "worker");
    buildWorker(workerDir);
    const stateDir = place === undefined ? join(folder, "state") : join(place.stateDir, "v3");
    const port = place?.port ?? 0;
    miniflare = new Miniflare(workerdOptions(workerDir, stateDir, allVars, { port }));
    const db =
      place === undefined
        ? await migratedDatabase(miniflare)
        : ((await miniflare.getD1Database("DB")) as unknown as D1Database);
    await register(db, allVars, entries);
    const { origin } = await miniflare.unsafeGetDirectURL();
    return { origin, register: (more) => register(db, allVars, more), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
