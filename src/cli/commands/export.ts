import type { Command } from "commander";
import { exportRegistry } from "../../declarative/export.ts";
import { withManagement } from "../management.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the command `export`. Its result is JSON with and without `--json`. */
export function addExport(program: Command, terminal: Terminal): void {
  common(program.command("export"))
    .description("write every client and user as a file for apply: records, never secrets")
    .action(async (options: CommonOptions) => {
      await withManagement(targetOf(options), async ({ registry }) => {
        for await (const piece of exportRegistry(registry)) await terminal.write(piece);
      });
    });
}
