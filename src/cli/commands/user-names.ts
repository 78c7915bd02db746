import type { Command } from "commander";
import { allowSimilarNames, foldNames } from "../../storage/fold-names.ts";
import { withDatabase } from "../bindings.ts";
import { CommandError } from "../command-error.ts";
import { type CommonOptions, common, targetOf } from "../options.ts";
import { json, plain } from "../output.ts";
import type { Terminal } from "../terminal.ts";

interface FoldOptions extends CommonOptions {
  readonly allowSimilar: boolean;
}

/** Adds the command `user fold-names`. */
export function addFoldNames(user: Command, terminal: Terminal): void {
  common(user.command("fold-names"))
    .description("prepare for USERNAMES=case-insensitive: list user names that differ only in case")
    .option("--allow-similar", "allow names that differ only in case again", false)
    .action(async (options: FoldOptions) => {
      if (options.allowSimilar) {
        await withDatabase(targetOf(options), allowSimilarNames);
        await terminal.write(
          options.json ? json({ unique: false }) : "Names may differ only in case again.\n",
        );
        return;
      }
      const { folded, collisions } = await withDatabase(targetOf(options), foldNames);
      const unique = collisions.length === 0;
      if (options.json) await terminal.write(json({ folded, unique, collisions }));
      else await terminal.write(describe(folded, collisions));
      if (!unique) {
        throw new CommandError(
          "Names are not unique yet. Rename or delete users (user update, user delete), then run " +
            "user fold-names again.",
        );
      }
    });
}

function describe(folded: number, collisions: readonly (readonly string[])[]): string {
  const counted = `Names folded: ${folded}.`;
  if (collisions.length === 0) return `${counted} No two names differ only in case.\n`;
  return [
    `${counted} These names differ only in case:`,
    ...collisions.map((names) => `  ${names.map(plain).join("  ")}`),
    "",
  ].join("\n");
}
