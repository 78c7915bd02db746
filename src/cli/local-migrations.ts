import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command-error.ts";
import { unusableState, withLockedState } from "./state-lock.ts";
import { runWrangler } from "./wrangler.ts";

/** Applies the migrations that the database of local state lacks. @throws CommandError */
export function migrateLocally(stateDir: string): Promise<void> {
  return withLockedState(stateDir, async () => {
    const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir];
    const { code, output } = await runWrangler(args);
    if (code !== 0) throw new CommandError(`The migrations could not be applied:\n${output}`);
  });
}

/**
 * Creates local state with its tables where there is none, for a command that fills it.
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
