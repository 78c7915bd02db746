import { Command } from "commander";
import { applyFile, describeApplied } from "./apply.ts";
import { runCommand } from "./command-error.ts";
import { doctorCommand } from "./doctor.ts";
import { sessionCommand } from "./end-sessions.ts";
import { explainCommand } from "./explain.ts";
import { DEFAULT_STATE_DIR } from "./project.ts";
import { tokenCommand } from "./token.ts";

const program = new Command("cli")
  .description("Clients and users of the token service. Run as: npm run -s cli -- COMMAND")
  .showHelpAfterError();

program
  .command("apply")
  .description(
    "make or update the clients and users of a JSON file; running it twice changes nothing",
  )
  .argument("<file>", "the file; see the README for its fields")
  .option("--persist-to <dir>", "folder of the local state", DEFAULT_STATE_DIR)
  .option("--remote", "the deployed database instead of local state", false)
  .action(async (file: string, { persistTo, remote }: { persistTo: string; remote: boolean }) => {
    console.log(describeApplied(await applyFile(file, { stateDir: persistTo, remote })));
  });

program.addCommand(tokenCommand());
program.addCommand(doctorCommand());
program.addCommand(sessionCommand());
program.addCommand(explainCommand());

await runCommand(async () => {
  await program.parseAsync();
});
