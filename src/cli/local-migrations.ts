import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withDatabase } from "./bindings.ts";
import { CommandError, messageOf } from "./command-error.ts";
import { loadWrangler, PROJECT_DIR } from "./project.ts";
import { unusableState } from "./state-lock.ts";

const MIGRATIONS_DIR = join(PROJECT_DIR, "src/storage/migrations");

/** Where wrangler records the applied migrations; `wrangler d1 migrations` may continue. */
const RECORDS = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies pending migrations to the database of local state, as `wrangler d1 migrations apply`
 * does. Wrangler starts a workerd for each migration, this one workerd for all.
 *
 * @throws CommandError
 */
export async function migrateLocally(stateDir: string): Promise<void> {
  const { unstable_splitSqlQuery: split } = await loadWrangler();
  await withDatabase({ stateDir, remote: false }, async (db) => {
    try {
      await db.prepare(RECORDS).run();
      const { results } = await db.prepare("SELECT name FROM d1_migrations").all();
      const applied = new Set(results.map(({ name }) => name));
      const pending = readdirSync(MIGRATIONS_DIR).filter((name) => !applied.has(name));
      for (const name of pending.sort()) {
        const statements = split(readFileSync(join(MIGRATIONS_DIR, name), "utf8"));
        const record = db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
        await db.batch([...statements.map((statement) => db.prepare(statement)), record]);
      }
    } catch (error) {
      throw new CommandError(`Could not apply the migrations: ${messageOf(error)}`);
    }
  });
}

/**
 * Creates local state and its tables, for a command that writes to it, unless it exists.
 *
 * @throws CommandError when the folder or the tables cannot be created
 */
export async function createState(stateDir: string): Promise<void> {
  if (existsSync(join(stateDir, "v3/d1"))) return;
  try {
    mkdirSync(stateDir, { recursive: true });
  } catch (error) {
    throw unusableState(stateDir, error);
  }
  await migrateLocally(stateDir);
}
