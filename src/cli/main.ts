import { runCommand } from "./command-error.ts";
import { createProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

const { stdin: input, stdout: output, stderr: notes } = process;

// Whoever reads may stop reading, as `head` does.
output.once("error", () => process.exit());

await runCommand(async () => {
  await createProgram(createTerminal({ input, output, notes })).parseAsync();
});
