import { cpSync } from "node:fs";
import { afterAll, inject } from "vitest";
import { temporaryDir } from "./server.ts";

/** A folder that is removed after the tests of the file or block that asks for it. */
export function ownDir(): string {
  const { path, remove } = temporaryDir();
  afterAll(remove);
  return path;
}

/** Migrated local state, in such a folder, that no other test and no service uses. */
export function ownState(): string {
  const stateDir = ownDir();
  cpSync(inject("migratedState"), stateDir, { recursive: true });
  return stateDir;
}
