import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { DevOutput } from "./dev-output.ts";
import { PROJECT_DIR, WRANGLER_CONFIG } from "./project.ts";

/** The installed wrangler, or the replacement that a test sets. */
const WRANGLER =
  process.env["TOLLGATE_WRANGLER"] ?? resolve(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");

/** Signals that end `npm start`. They are passed on, so that no child process is left. */
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The parent of this process at its start. */
const PARENT = process.ppid;

/** Interval for checking that the parent is alive, in milliseconds. */
const ORPHAN_CHECK_MS = 500;

/**
 * Environment of every wrangler process. Its explorer would execute SQL for anyone who reaches the
 * port. Its observability would write query strings and bodies, which contain tokens and passwords,
 * to the state folder. The service does not read `request.cf`, so it is not fetched.
 */
export const WRANGLER_ENV = {
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
} as const;

/** Options of {@link RunWrangler}. */
export interface WranglerOptions {
  /** Shows its output and lets it prompt, instead of capturing the output. */
  readonly isShown?: boolean;
  /** Its standard input. Secrets go here, because other users can see arguments. */
  readonly input?: string;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The result of a wrangler command. */
export interface WranglerEnded {
  readonly code: number;
  /** Empty when the output was shown. */
  readonly stdout: string;
  /** stdout and stderr; empty when they were shown. */
  readonly output: string;
}

/** Runs a wrangler command until it ends: {@link runWrangler}, or a replacement in a test. */
export type RunWrangler = (
  args: readonly string[],
  options?: WranglerOptions,
) => Promise<WranglerEnded>;

/** Exit code of an interrupted command, by the convention of shells: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Runs a wrangler command until it ends. */
export const runWrangler: RunWrangler = async (args, { isShown = false, input, env = {} } = {}) => {
  const stdin = input === undefined ? "ignore" : "pipe";
  const stdio: SpawnOptions["stdio"] = isShown ? "inherit" : [stdin, "pipe", "pipe"];
  const child = startWrangler(args, { stdio, env: env as NodeJS.ProcessEnv });
  // If wrangler ends before it has read all input, its exit code reports the failure.
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

/** Text after wrangler's error message: advice for its own commands, and the path of its log. */
const AFTER_ERROR = /To continue without logging in|\S* *Logs were written to/;

/** Wrangler's error message, in one line. */
export function errorMessageOf({ code, output }: WranglerEnded): string {
  const text = stripVTControlCharacters(output);
  const [message = ""] = (text.split(/\[ERROR\]/).at(1) ?? text).split(AFTER_ERROR);
  return message.replaceAll(/\s+/g, " ").trim() || `wrangler exited with code ${code}`;
}

/** Options of {@link serveWithWrangler}. */
export interface ServeOptions {
  /** Configuration file to use instead of wrangler.toml. */
  readonly config: string;
  /** Print the Worker's log lines unchanged, instead of one readable line per request. */
  readonly jsonLog: boolean;
  /** Additional environment variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly onReady: (url: URL) => void;
}

/** Runs `wrangler dev` until it ends, and sets its exit code. */
export async function serveWithWrangler(
  args: readonly string[],
  { config, jsonLog, env, onReady }: ServeOptions,
): Promise<void> {
  // Two services that start at once would use the same default inspector port, and one would fail.
  const command = ["dev", "--inspector-port", "0", ...args];
  const dev = startWrangler(
    command,
    { stdio: ["inherit", "pipe", "pipe"], env: env as NodeJS.ProcessEnv },
    config,
  );
  // The Worker logs failures on stderr, so the lines of one request are on both streams.
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
    // The build command of wrangler.toml is relative to this folder.
    cwd: PROJECT_DIR,
    env: { ...process.env, ...WRANGLER_ENV, ...env },
    ...options,
  });
}

/** Waits for a child. A signal ends the child first; this process then exits with `ending`. */
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

/** npm sends a signal only to its shell, which ends and leaves this process running. */
function isOrphan(): boolean {
  return process.env["npm_lifecycle_event"] !== undefined && process.ppid !== PARENT;
}
