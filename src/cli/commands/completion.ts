import { resolve } from "node:path";
import { Argument, Command } from "commander";
import { completionScript, SHELLS, type Shell } from "../completion.ts";
import { PROJECT_DIR } from "../project.ts";
import type { Terminal } from "../terminal.ts";

/** Absolute paths of the pinned Node and the program, so that the command runs from any folder. */
const START = ["node_modules/.bin/node", "src/cli/main.ts"].map((path) => {
  return resolve(PROJECT_DIR, path);
});

/** The command `completion`. */
export function completionCommand(program: Command, terminal: Terminal): Command {
  return new Command("completion")
    .description("print a shell script that defines the command tollgate, with completion")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action((shell: Shell) => terminal.write(completionScript(shell, program, START)));
}
