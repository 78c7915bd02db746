import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { DevOutput } from "./dev-output.ts";
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

/**
 * Every wrangler runs with these. Its explorer answers SQL to anyone who can reach the port, and
 * its observability writes query strings and bodies, and so tokens and passwords, to the state
 * folder. The service does not read `request.cf`, so nothing is fetched for it.
 */
export const WRANGLER_ENV = {
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
} as const;

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
  const child = startWrangler(args, { stdio, env: env as NodeJS.ProcessEnv });
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

/** How `npm start` runs `wrangler dev`. */
export interface ServeOptions {
  /** Configuration in the place of wrangler.toml. */
  readonly config: string;
  /** The Worker's log lines as they are, instead of one readable line per request. */
  readonly jsonLog: boolean;
  /** Variables of its environment, besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly onReady: (url: URL) => void;
}

/** Runs `wrangler dev` until it ends, and ends as it did. */
export async function serveWithWrangler(
  args: readonly string[],
  { config, jsonLog, env, onReady }: ServeOptions,
): Promise<void> {
  // Of two that start at once both would take the default inspector port, and one would die.
  const command = ["dev", "--inspector-port", "0", ...args];
  const dev = startWrangler(
    command,
    { stdio: ["inherit", "pipe", "pipe"], env: env as NodeJS.ProcessEnv },
    config,
  );
  // The Worker logs failures on stderr: lines of one request are on both streams.
  const output = new DevOutput({ jsonLog, onReady, print: console.log });
  const read = (input: Readable, pass: (line: string) => void) => {
    createInterface({ input }).on("line", (line) => output.read(line, pass));
  };
  if (dev.stdout !== null) read(dev.stdout, console.log);
  if (dev.stderr !== null) read(dev.stderr, console.error);
  process.exitCode = await exitCodeOf(dev, 0);
}

function startWrangler(
  args: readonly string[],
  { env, ...options }: SpawnOptions,
  config: string = WRANGLER_CONFIG,
): ChildProcess {
  const [command = "", ...rest] = args;
  const whole = [WRANGLER, command, "--config", config, ...rest];
  return spawn(process.execPath, whole, {
    // Where the build command of wrangler.toml is found, wherever this one was typed.
    cwd: PROJECT_DIR,
    env: { ...process.env, ...WRANGLER_ENV, ...env },
    ...options,
  });
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
