import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { PROJECT_DIR } from "../../src/cli/project.ts";

/** Variables of a command's environment. */
export type Environment = Record<string, string | undefined>;

/** What a command said and how it ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running command, the first of its own process group. */
export interface Running {
  child: ChildProcess;
  /** Everything it has said so far, on both streams. */
  output(): string;
  ended: Promise<Ended>;
}

/** How long a process group may take to be gone once it was told to end, in milliseconds. */
const GONE_MS_MAX = 30_000;

/** Groups whose first process still runs; none of them may outlive this process. */
const groups = new Set<number>();
process.once("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL");
});

/** Starts a command as a person's shell would, apart from the variables that vitest sets. */
export function start(
  command: string,
  args: readonly string[],
  { env = {}, cwd = PROJECT_DIR }: { env?: Environment; cwd?: string } = {},
): Running {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    // wrangler's types claim that every setting of the Worker is in this environment.
    env: { ...personsEnvironment(), ...env } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const group = child.pid;
  if (group !== undefined) {
    groups.add(group);
    // The number may soon be another's: from here on only groupGone, which looks, may use it.
    child.once("close", () => groups.delete(group));
  }
  let [stdout, stderr, both] = ["", "", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    both += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    both += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
  // Awaiting it reports a failure; awaiting it is optional.
  ended.catch(() => {});
  return { child, output: () => both, ended };
}

/** Runs a command to its end. */
export function run(...command: Parameters<typeof start>): Promise<Ended> {
  return start(...command).ended;
}

/** Runs the operator's commands on the Node that runs the tests. */
export function cli(...args: string[]): Promise<Ended> {
  return run(process.execPath, ["src/cli/main.ts", ...args]);
}

/**
 * Waits until no process of a group is left.
 *
 * @throws when some are, after ending them by force
 */
export async function groupGone(group: number): Promise<void> {
  const deadline = Date.now() + GONE_MS_MAX;
  while (signalGroup(group, 0)) {
    if (Date.now() > deadline) {
      signalGroup(group, "SIGKILL");
      throw new Error(`process group ${group} was left behind`);
    }
    await sleep(50);
  }
}

/** @returns whether there was any process to signal */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

export function personsEnvironment(): Environment {
  const names = Object.keys(process.env).filter((name) => !/^(NODE_ENV|VITEST.*|DEV)$/.test(name));
  const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...env, WRANGLER_SEND_METRICS: "false" };
}
