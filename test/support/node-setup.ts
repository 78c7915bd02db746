import { cpSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { createState } from "../../src/cli/local-migrations.ts";
import { missing } from "./debian-packages.ts";
import { startServer, temporaryDir } from "./server.ts";
import { BUILT_WORKER, buildWorker } from "./workerd-options.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The one service that most tests of the node project share. */
    server: { url: string; stateDir: string };
    /** Local state that is migrated and otherwise empty, to be copied and left as it is. */
    migratedState: string;
  }
}

/** Builds the Worker, migrates a database, and starts the shared service. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const lacking = missing();
  if (lacking.length > 0) {
    console.warn(`Tests that need these Debian packages are skipped: ${lacking.join(" ")}`);
  }
  const { path, remove } = temporaryDir();
  const migratedState = join(path, "migrated");
  await createState(migratedState);
  const workerDir = join(path, "worker");
  buildWorker(workerDir);
  process.env[BUILT_WORKER] = workerDir;
  const stateDir = join(path, "shared");
  cpSync(migratedState, stateDir, { recursive: true });
  const server = await startServer({ stateDir });
  provide("server", { url: server.url, stateDir });
  provide("migratedState", migratedState);
  return async () => {
    delete process.env[BUILT_WORKER];
    await server.stop();
    remove();
  };
}
