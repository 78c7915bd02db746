import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Ended,
  type Environment,
  groupGone,
  type Running,
  signalGroup,
  start,
} from "./processes.ts";

/** How often to look whether a command is ready, in milliseconds. */
const LOOK_MS = 50;

/** How long a start may take on a busy machine, in milliseconds. */
const READY_MS_MAX = 240_000;

/** How to run a command that serves. */
export interface CommandOptions {
  readonly cwd?: string;
  /** On top of this process's own. */
  readonly env?: Environment;
  /** @param output what it has printed so far */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
}

/** A server of any kind, run for the length of a test. */
export interface RunningCommand {
  readonly running: Running;
  /** Ends it in order. @returns once it and all that it started are gone */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Ends all of it by force, for when a test has failed. */
  kill(): void;
}

/** Starts a command and waits until it is ready. @throws Error with its output when it is not */
export async function startCommand(
  command: string,
  args: readonly string[],
  { isReady, ...options }: CommandOptions,
): Promise<RunningCommand> {
  const running = start(command, args, options);
  const { child, output, ended } = running;
  const group = child.pid;
  if (group === undefined) throw new Error(`${command} could not be started`);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const deadline = Date.now() + READY_MS_MAX;
  while (!(await isReady(output()))) {
    if (hasEnded() || Date.now() > deadline) {
      signalGroup(group, "SIGKILL");
      throw new Error(`${command} did not get ready:\n${output()}`);
    }
    await pause(LOOK_MS);
  }
  return {
    running,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await groupGone(group);
      return ended;
    },
    kill() {
      if (!hasEnded()) signalGroup(group, "SIGKILL");
    },
  };
}

/** Whether anything listens on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("error", () => settle(false));
    socket.once("connect", () => {
      socket.destroy();
      settle(true);
    });
  });
}
