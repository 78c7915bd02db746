import { runWrangler } from "../../src/cli/wrangler.ts";
import { temporaryDir } from "./server.ts";

/** Migrated local state that no other test and no service uses. */
export async function ownState(): Promise<{ stateDir: string; remove: () => void }> {
  const { path: stateDir, remove } = temporaryDir();
  const migrate = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir];
  const { code, output } = await runWrangler(migrate);
  if (code === 0) return { stateDir, remove };
  remove();
  throw new Error(`the migrations could not be applied:\n${output}`);
}
