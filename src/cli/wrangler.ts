import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { PROJECT_DIR, WRANGLER_CONFIG } from "./project.ts";

/** The command of the lockfile, unless a test puts a stand-in there. */
const WRANGLER =
  process.env["TOLLGATE_WRANGLER"] ?? resolve(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");

/** What ends `npm start`; each is passed on, so that nothing is left behind. */
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Who started this process. */
const PARENT = process.ppid;

/** How often to look whether it is still there, in milliseconds. */
const ORPHAN_CHECK_MS = 500;

/** How much of the output is kept while looking for the line that says ready, in characters. */
const TAIL_LENGTH = 4096;

/** With white space after it, so that no half of the URL is taken for the whole. */
const READY = /Ready on (https?:\/\/\S+)\s/;

/** How to run a command of wrangler. */
export interface WranglerOptions {
  /** Shows what it says and lets it ask questions, instead of keeping what it says. */
  readonly isShown?: boolean;
  /** For its standard input, which is where secrets belong: arguments can be seen. */
  readonly input?: string;
  /** Variables of its environment, besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command of wrangler ended. */
export interface WranglerEnded {
  readonly code: number;
  /** Without what it said on stderr; empty when it was shown. */
  readonly stdout: string;
  /** Both streams; empty when they were shown. */
  readonly output: string;
}

/** Runs a command of wrangler to its end: {@link runWrangler}, or its stand-in in a test. */
export type RunWrangler = (
  args: readonly string[],
  options?: WranglerOptions,
) => Promise<WranglerEnded>;

/** Exit code of a command that was interrupted, as shells have it: 128 and SIGINT. */
const INTERRUPTED = 130;

/** Runs a command of wrangler to its end. */
export const runWrangler: RunWrangler = async (args, { isShown = false, input, env = {} } = {}) => {
  const stdin = input === undefined ? "ignore" : "pipe";
  const stdio: SpawnOptions["stdio"] = isShown ? "inherit" : [stdin, "pipe", "pipe"];
  const child = startWrangler(args, { stdio, env: { ...process.env, ...env } });
  // One that ends before it has read all says so by its exit code.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  let [stdout, output] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { code: await exitCodeOf(child, INTERRUPTED), stdout, output };
};

/** Ends what wrangler complains of: advice for its own commands, and the place of its log. */
const BESIDE_COMPLAINT = /To continue without logging in|\S* *Logs were written to/;

/** What wrangler complains of, in one line. */
export function complaintOf({ code, output }: WranglerEnded): string {
  const text = stripVTControlCharacters(output);
  const [complaint = ""] = (text.split(/\[ERROR\]/).at(1) ?? text).split(BESIDE_COMPLAINT);
  return complaint.replaceAll(/\s+/g, " ").trim() || `wrangler ended with code ${code}`;
}

/** Runs `wrangler dev` until it ends, and ends as it did. */
export async function serveWithWrangler(
  args: readonly string[],
  onReady: (url: URL) => void,
): Promise<void> {
  // Of two that start at once both would take the default inspector port, and one would die.
  const command = ["dev", "--inspector-port", "0", ...args];
  const dev = startWrangler(command, { stdio: ["inherit", "pipe", "inherit"] });
  let tail = "";
  dev.stdout?.pipe(process.stdout);
  dev.stdout?.on("data", function look(chunk: Buffer) {
    tail = (tail + stripVTControlCharacters(chunk.toString())).slice(-TAIL_LENGTH);
    const url = READY.exec(tail)?.[1];
    if (url === undefined) return;
    dev.stdout?.off("data", look);
    onReady(new URL(url));
  });
  process.exitCode = await exitCodeOf(dev, 0);
}

function startWrangler(args: readonly string[], options: SpawnOptions): ChildProcess {
  const [command = "", ...rest] = args;
  const whole = [WRANGLER, command, "--config", WRANGLER_CONFIG, ...rest];
  // Where the build command of wrangler.toml is found, wherever this one was typed.
  return spawn(process.execPath, whole, { cwd: PROJECT_DIR, ...options });
}

/** Waits for a child. What ends this process ends the child first; it exits with `ending` then. */
async function exitCodeOf(child: ChildProcess, ending: number): Promise<number> {
  let isEnding = false;
  const end = (signal: NodeJS.Signals) => {
    isEnding = true;
    child.kill(signal);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, end);
  const watch = setInterval(() => isOrphan() && end("SIGTERM"), ORPHAN_CHECK_MS);
  const [code] = await once(child, "close");
  clearInterval(watch);
  for (const signal of ENDING_SIGNALS) process.off(signal, end);
  if (isEnding) process.exit(ending);
  return code ?? 1;
}

/** npm passes a signal to its shell alone, which dies of it and leaves this process behind. */
function isOrphan(): boolean {
  return process.env["npm_lifecycle_event"] !== undefined && process.ppid !== PARENT;
}
