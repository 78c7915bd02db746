import { stripVTControlCharacters } from "node:util";
import { type Environment, run } from "./processes.ts";

/**
 * Types lines into an interactive bash at a terminal of its own.
 *
 * @returns what the terminal showed, without colours
 */
export async function typeIntoTerminal(lines: string, env: Environment): Promise<string> {
  const { stdout } = await run("script", ["-qec", 'bash --norc -ic "$LINES_TYPED"', "/dev/null"], {
    env: { ...env, SHELL: "/bin/bash", LINES_TYPED: lines },
  });
  return stripVTControlCharacters(stdout).replaceAll("\r", "");
}
