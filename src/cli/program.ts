import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, Help, type Option } from "commander";
import { addApply } from "./commands/apply.ts";
import { auditCommand } from "./commands/audit.ts";
import { clientCommand } from "./commands/client.ts";
import { completionCommand } from "./commands/completion.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { addExport } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { keyCommand } from "./commands/key.ts";
import { resourceCommand } from "./commands/resource.ts";
import { sessionCommand } from "./commands/session.ts";
import { userCommand } from "./commands/user.ts";
import { EXAMPLES } from "./examples.ts";
import { PROJECT_DIR } from "./project.ts";
import type { Terminal } from "./terminal.ts";

/** How a command is run. */
const RUN = "npm run -s cli --";

/** The operator's commands. Commander writes to the terminal, not to the process's streams. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("cli").description(
    `Manage clients, users, resources and keys. Run as: ${RUN} COMMAND`,
  );
  program.version(version(), "-V, --version", "show the version of this clone");
  program.addCommand(clientCommand(terminal));
  program.addCommand(userCommand(terminal));
  program.addCommand(resourceCommand(terminal));
  program.addCommand(keyCommand(terminal));
  addApply(program, terminal);
  addExport(program, terminal);
  program.addCommand(importCommand(terminal));
  program.addCommand(sessionCommand());
  program.addCommand(auditCommand(terminal));
  program.addCommand(doctorCommand());
  program.addCommand(explainCommand());
  program.addCommand(completionCommand(program, terminal));
  configure(program, terminal);
  return program;
}

/** Configures a command and its subcommands: commander does not pass on settings to added ones. */
function configure(command: Command, terminal: Terminal, path = ""): void {
  const example = EXAMPLES[path];
  if (example !== undefined) command.addHelpText("after", `\nExample:\n  ${RUN} ${example}`);
  command
    .showHelpAfterError(`Usage: ${new Help().commandUsage(command)}\nAll options: add --help`)
    .exitOverride()
    .configureHelp({ optionDescription: describeOption, subcommandTerm: describeCommand })
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
    });
  for (const subcommand of command.commands) {
    configure(subcommand, terminal, `${path} ${subcommand.name()}`.trim());
  }
}

/** Omits obvious defaults: a flag is off, a list is empty. */
function describeOption(option: Option): string {
  const isPlain = option.isBoolean() || String(option.defaultValue) === "";
  return isPlain ? option.description : new Help().optionDescription(option);
}

/** The name and arguments of a command, without "[options]", to save space. */
function describeCommand(command: Command): string {
  return new Help().subcommandTerm(command).replace(" [options]", "");
}

function version(): string {
  const path = resolve(PROJECT_DIR, "package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
