import { cpSync } from "node:fs";
import { inject } from "vitest";
import { temporaryDir } from "./server.ts";

/** Migrated local state that no other test and no service uses. */
export function ownState(): { stateDir: string; remove: () => void } {
  const { path: stateDir, remove } = temporaryDir();
  cpSync(inject("migratedState"), stateDir, { recursive: true });
  return { stateDir, remove };
}
