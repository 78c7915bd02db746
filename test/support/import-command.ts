import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { command } from "./commands.ts";
import type { DumpRow } from "./django-dump.ts";
import { openLocalDatabase } from "./local-database.ts";
import { ownDir, ownState } from "./own-state.ts";
import type { Ended } from "./processes.ts";

/** `import django` of dumps into state of its own. */
export function ownImport() {
  const file = join(ownDir(), "dump.json");
  const stateDir = ownState();

  function importFile(content: string | Buffer, ...words: string[]): Promise<Ended> {
    writeFileSync(file, content);
    return command(["import", "django", file, "--persist-to", stateDir, ...words]);
  }

  return {
    file,
    stateDir,
    importFile,

    /** Imports rows, and reads the report for programs. */
    async importRows(rows: readonly DumpRow[], ...words: string[]) {
      const ended = await importFile(JSON.stringify(rows), "--json", ...words);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      return JSON.parse(ended.stdout);
    },

    /** Runs SQL in the state. */
    execute(sql: string): void {
      const database = openLocalDatabase(stateDir);
      database.exec(sql);
      database.close();
    },
  };
}
