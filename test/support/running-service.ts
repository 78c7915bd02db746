import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { Miniflare } from "miniflare";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { parsePasswordConfig } from "../../src/config.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";
import { secureRandom } from "../../src/crypto/random.ts";
import { apply } from "../../src/management/apply.ts";
import { parseRegistryFile } from "../../src/management/registry-file.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { buildWorker, type Vars, workerdOptions } from "./workerd-options.ts";

/** What every running service has unless a test says otherwise. */
const DEFAULT_VARS: Vars = { TOKEN_KEYS: "5e".repeat(32), PASSWORD_HASH_ROUNDS: 1 };

/** Clients and users, as `cli apply` takes them. */
export interface RegistryEntries {
  readonly clients?: readonly object[];
  readonly users?: readonly object[];
}

/** The built Worker in workerd, listening on a port of its own, with state of its own. */
export interface RunningService {
  /** Its origin, and so its issuer: `http://127.0.0.1:40000`. */
  readonly origin: string;
  /** Makes or updates clients and users while it runs. */
  register(entries: RegistryEntries): Promise<void>;
  /** Ends it and removes its state. */
  stop(): Promise<void>;
}

/** Builds, migrates, registers and starts. Whatever listens there is the service itself. */
export async function startRunningService(
  entries: RegistryEntries,
  vars: Vars = {},
): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const allVars = { ...DEFAULT_VARS, ...vars };
  try {
    const workerDir = join(folder, "worker");
    buildWorker(workerDir);
    const miniflare = new Miniflare(workerdOptions(workerDir, join(folder, "state"), allVars));
    const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
    const register = (more: RegistryEntries) => registerIn(db, allVars, more);
    await migrate(db);
    await register(entries);
    return {
      origin: (await miniflare.unsafeGetDirectURL()).origin,
      register,
      async stop() {
        await miniflare.dispose();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function migrate(db: D1Database): Promise<void> {
  const migrations = await readD1Migrations(join(PROJECT_DIR, "src/storage/migrations"));
  const statements = migrations.flatMap(({ queries }) => queries);
  await db.batch(statements.map((statement) => db.prepare(statement)));
}

async function registerIn(db: D1Database, vars: Vars, entries: RegistryEntries): Promise<void> {
  const kinds = await createPasswordKinds({
    ...parsePasswordConfig({ ...vars }),
    random: secureRandom,
  });
  await apply(parseRegistryFile(JSON.stringify(entries)), {
    registry: createRegistry(db),
    ...kinds,
    newUserId: () => crypto.randomUUID(),
  });
}
