import { join } from "node:path";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import type { Miniflare } from "miniflare";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { parsePasswordConfig } from "../../src/config/index.ts";
import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";
import { apply } from "../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { wholeEntries } from "./whole-entries.ts";
import type { Vars } from "./workerd-options.ts";

/** Clients and users, as `cli apply` takes them. */
export interface RegistryEntries {
  readonly clients?: readonly object[];
  readonly users?: readonly object[];
}

/** The database of a built Worker, with every table and no rows. */
export async function migratedDatabase(miniflare: Miniflare): Promise<D1Database> {
  const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
  const migrations = await readD1Migrations(join(PROJECT_DIR, "src/storage/migrations"));
  const statements = migrations.flatMap(({ queries }) => queries);
  await db.batch(statements.map((statement) => db.prepare(statement)));
  return db;
}

/**
 * Makes or updates clients and users.
 *
 * @param vars of the Worker, which say how passwords are hashed
 */
export async function register(
  db: D1Database,
  vars: Vars,
  entries: RegistryEntries,
): Promise<void> {
  const config = parsePasswordConfig({ ...vars });
  await apply(parseRegistryFile(JSON.stringify(wholeEntries(entries))), {
    registry: createRegistry(db),
    ...(await createPasswordKinds({ ...config, random: secureRandom, deriveLong: longPbkdf2 })),
    passwordLengthMin: config.passwordLengthMin,
    newUserId: () => crypto.randomUUID(),
  });
}
