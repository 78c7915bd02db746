import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { describeFailure } from "../../src/cli/command-error.ts";
import { createProgram } from "../../src/cli/program.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import type { Ended } from "./processes.ts";
import "./shared-proxies.ts";

/** How a command is run. */
export interface CommandOptions {
  /** What standard input has. */
  readonly input?: string;
  /** Runs in a terminal, and types one of these replies at each prompt. */
  readonly typed?: string | readonly string[];
}

/** What marks a prompt on the terminal. */
const PROMPT = /◆/;

/**
 * Does what `cli ARGS` does, in this process: quicker than spawning it. Streams, prompts and state
 * are real.
 */
export async function command(
  args: readonly string[],
  { input = "", typed }: CommandOptions = {},
): Promise<Ended> {
  const isTTY = typed !== undefined;
  const streams = {
    input: Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined }),
    output: new PassThrough(),
    notes: Object.assign(new PassThrough(), { isTTY }),
  };
  const said = { stdout: "", stderr: "" };
  streams.output.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  streams.notes.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += stripVTControlCharacters(text);
  });
  let isOver = false;
  if (isTTY) {
    void typeWhenAsked(streams.input, [typed].flat(), said, () => isOver);
  }
  if (!isTTY) streams.input.end(input);
  let code = 0;
  try {
    const program = createProgram(createTerminal(streams));
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.message !== "") said.stderr += `${failure.message}\n`;
    code = failure.exitCode;
  }
  isOver = true;
  // What the streams still hold is read in the next turns of the event loop.
  await sleep(0);
  return { code, ...said };
}

async function typeWhenAsked(
  input: PassThrough,
  answers: readonly string[],
  said: { readonly stderr: string },
  isOver: () => boolean,
): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    // What is answered is marked otherwise, and then the next is asked.
    const isAsked = () => {
      const parts = said.stderr.split("◇");
      return parts.length > index && PROMPT.test(parts.at(-1) ?? "");
    };
    while (!isAsked() && !isOver()) await sleep(5);
    input.write(answer);
  }
}
