import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MiniflareOptions } from "miniflare";

/** What a {@link WorkerdProcess} sends to its child. */
export interface ToChild {
  readonly options: MiniflareOptions;
}

/** What the child answers. */
export type FromChild =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Last part of the child's log that a failure quotes, in characters. */
const LOG_TAIL_LENGTH = 2000;

/** One life of workerd, in processes of its own. */
export class WorkerdProcess {
  /** Where the Worker listens, such as `http://127.0.0.1:40000/`. Each life has its own port. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #isKilled = false;

  private constructor(child: ChildProcess, exited: Promise<unknown>, url: string) {
    this.#child = child;
    this.#exited = exited;
    this.url = url;
  }

  /**
   * Starts workerd and waits until it listens.
   *
   * @param workDir for its log and what miniflare keeps while it runs; removed by the caller, since
   *   a killed process leaves it behind
   */
  static async start(options: MiniflareOptions, workDir: string): Promise<WorkerdProcess> {
    mkdirSync(workDir, { recursive: true });
    const logPath = join(workDir, "workerd.log");
    const log = openSync(logPath, "a");
    const child = fork(join(import.meta.dirname, "workerd-child.ts"), {
      // A process group, so that one signal ends workerd and the Node above it at one instant.
      detached: true,
      env: { ...process.env, TMPDIR: workDir },
      execArgv: [],
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    const exited = once(child, "exit");
    const killGroup = () => killAtOnce(child);
    process.once("exit", killGroup);
    exited.finally(() => process.off("exit", killGroup));
    child.send({ options } satisfies ToChild);
    const answer = await Promise.race([once(child, "message"), exited.then(() => [])]);
    const message = answer[0] as FromChild | undefined;
    if (message?.kind === "ready") return new WorkerdProcess(child, exited, message.url);
    killGroup();
    const reason = message?.reason ?? "it exited";
    const tail = readFileSync(logPath, "utf8").slice(-LOG_TAIL_LENGTH);
    throw new Error(`workerd did not start: ${reason}\n${tail}`);
  }

  /** The process that workerd and everything else of it is below. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("it does not run");
    return pid;
  }

  /** Whether it runs, as far as this process knows. */
  get isAlive(): boolean {
    return !this.#isKilled && isRunning(this.#child);
  }

  /** Ends workerd with SIGKILL at this very instant. @returns once it is gone */
  async kill(): Promise<void> {
    if (this.isAlive) killAtOnce(this.#child);
    this.#isKilled = true;
    await this.#exited;
  }

  /** Lets workerd end in order. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }
}

/** Ends the child's whole process group with one signal. */
function killAtOnce(child: ChildProcess): void {
  if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, "SIGKILL");
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
