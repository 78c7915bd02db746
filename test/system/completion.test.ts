import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type Command, Help } from "commander";
import { describe, expect, test } from "vitest";
import { SHELLS } from "../../src/cli/completion.ts";
import { createProgram } from "../../src/cli/program.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { command } from "../support/commands.ts";
import { describeWithDebian } from "../support/debian.ts";
import { ownDir } from "../support/own-state.ts";

const dir = ownDir();

const scripts = Object.fromEntries(
  await Promise.all(SHELLS.map(async (shell) => [shell, await scriptOf(shell)] as const)),
);

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout } = await command(["completion", shell]);
  expect(code).toBe(0);
  const file = join(dir, `tollgate.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

/** Runs a shell without the settings of this machine. */
function shell(words: readonly string[], input = ""): string {
  const [name = "", ...args] = words;
  const { status, stdout, stderr } = spawnSync(name, args, { input, encoding: "utf8", cwd: dir });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

/** The arguments of the function `tollgate` when these lines are typed at a terminal. */
function argumentsTyped(start: string, script: string, lines: readonly string[]): string[] {
  const setUp = `PS1=; source '${script}'; tollgate() { echo "GOT $*"; }`;
  const typed = [setUp, ...lines, "exit"].map((line) => `${line}\n`).join("");
  const screen = shell(["script", "-qec", start, "/dev/null"], typed);
  return [...screen.matchAll(/^GOT (.*?)\s*$/gm)].map(([, words = ""]) => words);
}

describeWithDebian(["bsdutils", "zsh"], "the Tab key", () => {
  test.each([
    ["bash", "bash --norc --noprofile -i"],
    ["zsh", "zsh -f -i"],
  ])("completes commands, options, choices and files in %s", (name, start) => {
    writeFileSync(join(dir, "accounts.json"), "{}");
    const lines = [
      "tollgate key pro\t5e",
      "tollgate client create shop --auth-m\tprivate\t",
      "tollgate completion z\t",
      "tollgate apply accou\t--dry\t",
    ];
    expect(argumentsTyped(start, scripts[name] ?? "", lines)).toEqual([
      "key promote 5e",
      "client create shop --auth-method private_key_jwt",
      "completion zsh",
      "apply accounts.json --dry-run",
    ]);
  });
});

describeWithDebian(["fish"], "fish", () => {
  test.each([
    ["key pro", "promote\tmove a key ahead of the others: it seals or signs new tokens"],
    ["client create shop --auth-m", "--auth-method\thow the client authenticates"],
    ["key add --algorithm Ed", "EdDSA\talgorithm of a signing key"],
    ["completion z", "zsh"],
  ])("completes %j", (line, suggestion) => {
    const ask = `source '${scripts["fish"]}'; complete -C 'tollgate ${line}'`;
    // Descriptions of options are long: their beginning is enough.
    const [line0, ...others] = shell(["fish", "-N", "-c", ask]).trimEnd().split("\n");
    expect([line0?.slice(0, suggestion.length), others]).toEqual([suggestion, []]);
  });
});

describe("in bash", () => {
  test("every command and option is suggested", () => {
    const streams = {
      input: new PassThrough(),
      output: new PassThrough(),
      notes: new PassThrough(),
    };
    const places = placesOf(createProgram(createTerminal(streams)));
    const asks = places.map(({ path }) => {
      return `COMP_WORDS=(tollgate ${path} -); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _tollgate
        echo "\${COMPREPLY[*]}"
        COMP_WORDS[COMP_CWORD]=; _tollgate; echo "\${COMPREPLY[*]}"`;
    });
    const source = `source '${scripts["bash"]}'`;
    const said = shell(["bash", "-c", [source, "complete -p tollgate", ...asks].join("\n")]);
    const expected = places.flatMap(({ options, words }) => [options, words]);
    const complete = "complete -o default -F _tollgate tollgate";
    expect(said.split("\n")).toEqual([complete, ...expected, ""]);
  });

  test("tollgate runs the commands from any folder", () => {
    const said = shell([
      "bash",
      "-c",
      `source '${scripts["bash"]}'; tollgate explain invalid_grant`,
    ]);
    expect(said).toMatch(/^invalid_grant: /);
  });
});

test("cli completion rejects an unknown shell, and lists the known ones", async () => {
  const { code, stderr } = await command(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish.");
});

/** Every command with the words that may follow, as in `--help`. */
function placesOf(one: Command, path = ""): { path: string; options: string; words: string }[] {
  const help = new Help();
  const names = help.visibleCommands(one).map((below) => below.name());
  const choices = one.registeredArguments[0]?.argChoices ?? [];
  const options = help.visibleOptions(one).map(({ long }) => long);
  return [
    { path, options: options.join(" "), words: [...names, ...choices].join(" ") },
    ...one.commands.flatMap((below) => placesOf(below, `${path} ${below.name()}`.trim())),
  ];
}
