import { enableCompileCache } from "node:module";
import { resolve } from "node:path";
import { EXIT, runCommand } from "./command-error.ts";

const { stdin: input, stdout: output, stderr: notes } = process;

output.once("error", (error: NodeJS.ErrnoException) => {
  // The reader may close the pipe, as `head` does.
  if (error.code === "EPIPE") process.exit();
  console.error(`Could not write the result: ${error.message}`);
  process.exit(EXIT.failed);
});

// In node_modules, where other users cannot write. Caches only modules that are imported later.
enableCompileCache(resolve(import.meta.dirname, "../../node_modules/.cache/node"));

await runCommand(async () => {
  const { createProgram } = await import("./program.ts");
  const { createTerminal } = await import("./terminal.ts");
  await createProgram(createTerminal({ input, output, notes })).parseAsync();
});
