import type { Command } from "commander";
import { exportRegistry } from "../../declarative/export.ts";
import { withManagement } from "../management.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the command `export`. It always prints JSON. */
export function addExport(program: Command, terminal: Terminal): void {
  common(program.command("export"))
    .description(
      "write all clients and users in the format of apply; contains hashes, never secrets",
    )
    .action(async (options: CommonOptions) => {
      await withManagement(targetOf(options), async ({ registry }) => {
        for await (const piece of exportRegistry(registry)) await terminal.write(piece);
      });
    });
}
