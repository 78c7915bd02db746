import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { Command } from "commander";
import { describe, expect, inject, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { command } from "../support/commands.ts";
import { ownDir } from "../support/own-state.ts";
import { cli, run } from "../support/processes.ts";

const { stateDir } = inject("server");
const dir = ownDir();

const file = join(dir, "accounts.json");
writeFileSync(file, JSON.stringify({ users: [{ username: "nobody" }] }));

test("npm run -s cli -- --help lists the commands", async () => {
  const { code, stdout, stderr } = await run("npm", ["run", "-s", "cli", "--", "--help"]);
  expect({ code, stderr: withoutNpmWarnings(stderr) }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/Run as: npm run -s cli -- COMMAND/);
  expect(stdout).toMatch(/apply <file> +create or update/);
});

test.skipIf(!existsSync("/dev/full"))("a result that cannot be written is a failure", async () => {
  const line = '"$NODE" src/cli/main.ts completion bash > /dev/full';
  const ended = await run("bash", ["-c", line], { env: { NODE: process.execPath } });
  expect(ended).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Could not write the result: ENOSPC: .*\n$/),
  });
});

test("no line of any --help is longer than 80 characters", () => {
  const nowhere = new PassThrough();
  const program = createProgram(
    createTerminal({ input: nowhere, output: nowhere, notes: nowhere }),
  );
  const lines = [program, ...descendantsOf(program)].flatMap((one) => helpOf(one).split("\n"));
  expect(lines.length).toBeGreaterThan(500);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

describe("the commands print the error and the usage", () => {
  test.each([
    [["bogus"], "error: unknown command 'bogus'", "Usage: cli [options] [command]"],
    [["apply"], "error: missing required argument 'file'", "Usage: cli apply [options] <file>"],
    [["apply", file, "more"], "error: too many arguments", "Usage: cli apply [options] <file>"],
    [["apply", file, "--bogus"], "error: unknown option '--bogus'", "Usage: cli apply [options]"],
    [
      ["client", "create", "shop", "--auth-method", "no"],
      "error: option '--auth-method <name>' argument 'no' is invalid. Allowed choices are client_",
      "Usage: cli client create",
    ],
    [["apply", file, "--persist-to"], "error: option '--persist-to <dir>' argument", "Usage: cli"],
  ])("%j", async (words, reason, usage) => {
    const { code, stdout, stderr } = await command(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.startsWith(reason), stderr).toBe(true);
    expect(stderr).toContain(usage);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each(["--version", "-V"])("%s shows the version of this clone", async (option) => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await cli(option)).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("no arguments print the help, and fail", async () => {
    const { code, stderr } = await cli();
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: cli [options] [command]");
  });
});

test("cli apply creates the state of --persist-to, when there is none", async () => {
  const state = join(dir, "new", "state");
  const applied = await cli("apply", file, "--persist-to", state);
  expect(applied, applied.stderr).toMatchObject({ code: 0 });
  expect(applied.stdout).toMatch(/\n1 created, 0 updated, 0 unchanged\n$/);
});

describe("cli apply reports in one line that", () => {
  test("--persist-to has no state, and creates none in a dry run", async () => {
    const missing = join(dir, "missing");
    const ended = await cli("apply", file, "--dry-run", "--persist-to", missing);
    const advice = "the database has no tables yet. Run npm start once with the same --persist-to";
    expect(ended).toEqual({ code: 1, stdout: "", stderr: `${missing}: ${advice}\n` });
    expect(existsSync(missing)).toBe(false);
  });

  test("the state was never migrated", async () => {
    const ended = await cli("apply", file, "--dry-run", "--persist-to", dir);
    const advice = "the database has no tables yet. Run npm start once with the same --persist-to";
    expect(ended).toEqual({ code: 1, stdout: "", stderr: `${dir}: ${advice}\n` });
  });

  test("--persist-to is a file", async () => {
    const { code, stdout, stderr } = await cli("apply", file, "--persist-to", file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`${file}: cannot use this folder for local state: it is not a folder\n`);
  });

  test("a setting is invalid", async () => {
    const words = ["src/cli/main.ts", "apply", file, "--persist-to", stateDir];
    const ended = await run(process.execPath, words, {
      env: { PASSWORD_PEPPER: "many", PASSWORD_HASH_ROUNDS: "x" },
    });
    const stderr = expect.stringMatching(/^PASSWORD_PEPPER is invalid .*\n$/);
    expect(ended).toEqual({ code: 1, stdout: "", stderr });
  });

  test("wrangler is not logged in to Cloudflare, with --remote", async () => {
    const words = ["src/cli/main.ts", "apply", file, "--remote"];
    // A home directory without wrangler's login.
    const { code, stderr } = await run(process.execPath, words, {
      env: { HOME: dir, XDG_CONFIG_HOME: dir, CLOUDFLARE_API_TOKEN: undefined },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Could not open the database: .*CLOUDFLARE_API_TOKEN.*\n$/);
  });
});

function descendantsOf(parent: Command): readonly Command[] {
  return parent.commands.flatMap((one) => [one, ...descendantsOf(one)]);
}

/** The output of `--help`, with the text added after it. */
function helpOf(one: Command): string {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  one.configureOutput({ writeOut: write, getOutHelpWidth: () => 80 }).outputHelp();
  return text;
}

/** npm warns about settings of the machine that it runs on. */
function withoutNpmWarnings(stderr: string): string {
  return stderr.replace(/^npm warn .*\n/gm, "");
}
