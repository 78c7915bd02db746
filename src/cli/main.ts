import { enableCompileCache } from "node:module";
import { resolve } from "node:path";
import { runCommand } from "./command-error.ts";

const { stdin: input, stdout: output, stderr: notes } = process;

// Whoever reads may stop reading, as `head` does.
output.once("error", () => process.exit());

// With what is installed, where nobody else may write. Only what is imported after it is kept.
enableCompileCache(resolve(import.meta.dirname, "../../node_modules/.cache/node"));

await runCommand(async () => {
  const { createProgram } = await import("./program.ts");
  const { createTerminal } = await import("./terminal.ts");
  await createProgram(createTerminal({ input, output, notes })).parseAsync();
});
