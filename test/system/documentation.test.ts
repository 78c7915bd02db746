import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/command-error.ts";
import { createProgram } from "../../src/cli/program.ts";
import { createTerminal } from "../../src/cli/terminal.ts";

const page = readFileSync("docs/cli.md", "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| "));

const nowhere = new PassThrough();
const program = createProgram(createTerminal({ input: nowhere, output: nowhere, notes: nowhere }));

/** The flags of each command in the page. */
function documented(): Map<string, string[]> {
  const fields = flagsIn(rows.filter((row) => row.startsWith("| `--")).slice(COMMON.length));
  const commands = rows.filter((row) => /^\| `(?!-)[a-z][^`]*` \| [^|]* \| [^|]*\|$/.test(row));
  return new Map(
    commands.map((row) => {
      const [, name = "", , options = ""] = row.split("|");
      const own = [...flagsIn([options]), ...(options.includes("the fields below") ? fields : [])];
      const common = /`(?:explain|completion) /.test(name) ? [] : COMMON;
      return [name.replaceAll("`", "").trim(), [...common, ...own].sort()];
    }),
  );
}

/** The flags of each command in commander. */
function existing(command: Command, above: string): [string, string[]][] {
  const name = [above, command.name()].filter((word) => word !== "").join(" ");
  if (command.commands.length > 0) {
    const below = command === program ? "" : name;
    return command.commands.flatMap((one) => existing(one, below));
  }
  const words = command.registeredArguments.map((argument) => {
    return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
  });
  const flags = command.options.filter(({ hidden }) => !hidden).map((option) => option.flags);
  return [[[name, ...words].join(" "), flags.sort()]];
}

const COMMON = flagsIn(
  page
    .slice(page.indexOf("| common option"), page.indexOf("With `--remote`"))
    .split("\n")
    .filter((line) => line.startsWith("| `--")),
);

test("docs/cli.md names exactly the commands that exist, with exactly their options", () => {
  const exists = Object.fromEntries(existing(program, ""));
  expect(Object.fromEntries(documented())).toEqual(exists);
  expect(Object.keys(exists).length).toBeGreaterThan(20);
});

test("docs/cli.md lists exactly the exit codes that exist", () => {
  const codes = rows.flatMap((row) => /^\| (\d+) \|/.exec(row)?.[1] ?? []);
  expect(codes.map(Number)).toEqual(Object.values(EXIT));
});

function flagsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => [...line.matchAll(/`(--[^`]+)`/g)].map(([, flag = ""]) => flag));
}
