import { Command, Help, type Option } from "commander";
import { addApply } from "./apply.ts";
import { clientCommand } from "./client.ts";
import { doctorCommand } from "./doctor.ts";
import { sessionCommand } from "./end-sessions.ts";
import { explainCommand } from "./explain.ts";
import { addExport } from "./export.ts";
import { keyCommand } from "./key.ts";
import type { Terminal } from "./terminal.ts";
import { tokenCommand } from "./token.ts";
import { userCommand } from "./user.ts";

/** The operator's commands. What commander has to say goes to the terminal, not to the process. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("cli").description(
    "Clients, users and keys of the token service. Run as: npm run -s cli -- COMMAND",
  );
  program.addCommand(clientCommand(terminal));
  program.addCommand(userCommand(terminal));
  program.addCommand(keyCommand(terminal));
  addApply(program, terminal);
  addExport(program, terminal);
  program.addCommand(tokenCommand());
  program.addCommand(sessionCommand());
  program.addCommand(doctorCommand());
  program.addCommand(explainCommand());
  settle(program, terminal);
  return program;
}

/** Commander passes settings on only to commands that it made itself. */
function settle(command: Command, terminal: Terminal): void {
  command
    .showHelpAfterError()
    .exitOverride()
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
    });
  for (const below of command.commands) settle(below, terminal);
}

/** That a switch is off unless it is given goes without saying. */
function describeOption(option: Option): string {
  return option.isBoolean() ? option.description : new Help().optionDescription(option);
}
