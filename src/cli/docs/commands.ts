import { PassThrough } from "node:stream";
import type { Command, Option } from "commander";
import { createProgram } from "../program.ts";
import { createTerminal } from "../terminal.ts";
import { table } from "./configuration.ts";

/** Options that docs/cli.md describes once, for all commands. */
const COMMON_OPTIONS = ["--persist-to", "--remote", "--env", "--json"];

/** The table of commands of docs/cli.md. */
export function commandsPart(): string {
  const streams = {
    input: new PassThrough(),
    output: new PassThrough(),
    notes: new PassThrough(),
  };
  const program = createProgram(createTerminal(streams));
  const rows = program.commands.flatMap((command) => rowsOf(command, ""));
  return table(["command", "does", "further options"], rows);
}

function rowsOf(command: Command, above: string): string[][] {
  const name = `${above} ${command.name()}`.trim();
  if (command.commands.length > 0) return command.commands.flatMap((one) => rowsOf(one, name));
  const words = command.registeredArguments.map((argument) => {
    return argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`;
  });
  const hasCommon = COMMON_OPTIONS.every((long) => {
    return command.options.some((option) => option.long === long);
  });
  const options = command.options.filter((option) => {
    return !option.hidden && !(hasCommon && COMMON_OPTIONS.includes(option.long ?? ""));
  });
  return [
    [`\`${name}${words.join("")}\``, inCell(command.description()), options.map(code).join(" ")],
  ];
}

function code({ flags }: Option): string {
  return `\`${flags}\``.replaceAll("|", "\\|");
}

/** The first line of a description; the rest is an example. */
function inCell(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/:$/, "").replaceAll("|", "\\|");
}
