import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Ended, groupGone, type Running, signalGroup, start } from "./processes.ts";

/** The real service, as `npm start` runs it. */
export interface Server {
  /** Origin, such as `http://127.0.0.1:9000`. */
  url: string;
  port: number;
  /** Folder of its local state. */
  stateDir: string;
  running: Running;
  /** Ends it, and waits until nothing of it is left. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Ends all of it by force, for when a test has failed. */
  kill(): void;
}

export interface ServerOptions {
  stateDir: string;
  port?: number;
  /** More arguments of `npm start`. */
  args?: readonly string[];
  /** Runs these words instead of `node src/cli/start.ts`, with the same arguments after them. */
  command?: readonly [string, ...string[]];
}

/** Credentials of the demo client, for HTTP Basic. */
export const DEMO_CLIENT = "demo-client:demo-secret";

/** A password grant for the demo user. */
export const DEMO_LOGIN = {
  grant_type: "password",
  username: "demo",
  password: "demo-password",
} as const;

/** How long a start may take on a busy machine, in milliseconds. */
const READY_MS_MAX = 110_000;

/** Starts the service and waits until it has printed its curl line. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { stateDir, args = [], command = [process.execPath, "src/cli/start.ts"] } = options;
  const port = options.port ?? (await freePort());
  const [program, ...words] = command;
  const running = start(program, [
    ...words,
    ...["--port", String(port), "--persist-to", stateDir, ...args],
  ]);
  const group = running.child.pid;
  if (group === undefined) throw new Error(`${program} could not be started`);
  const deadline = Date.now() + READY_MS_MAX;
  while (curlLine(running.output()) === undefined) {
    if (running.child.exitCode !== null || Date.now() > deadline) {
      signalGroup(group, "SIGKILL");
      throw new Error(`the service did not start:\n${running.output()}`);
    }
    await sleep(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stateDir,
    running,
    async stop(signal = "SIGTERM") {
      running.child.kill(signal);
      await groupGone(group);
      return running.ended;
    },
    kill() {
      const { exitCode, signalCode } = running.child;
      if (exitCode === null && signalCode === null) signalGroup(group, "SIGKILL");
    },
  };
}

/** The line that `npm start` prints for people to paste. */
export function curlLine(output: string): string | undefined {
  return /^curl .*\n/m.exec(output)?.[0].trim();
}

/** A port that nothing listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer().once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => settle(port));
    });
  });
}

/** An empty folder that is gone when `remove` was called. */
export function temporaryDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
