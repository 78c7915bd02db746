import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command-error.ts";
import { unusableState, withLockedState } from "./state-lock.ts";
import { runWrangler } from "./wrangler.ts";

/** Applies pending migrations to the database of local state. @throws CommandError */
export function migrateLocally(stateDir: string): Promise<void> {
  return withLockedState(stateDir, async () => {
    const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir];
    const { code, output } = await runWrangler(args);
    if (code !== 0) throw new CommandError(`Could not apply the migrations:\n${output}`);
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
