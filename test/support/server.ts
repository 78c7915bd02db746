import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { type RunningCommand, startCommand } from "./running-command.ts";

/** The real service, as `npm start` runs it. */
export interface Server extends RunningCommand {
  /** Origin, such as `http://127.0.0.1:9000`. */
  url: string;
  port: number;
  /** Folder of its local state. */
  stateDir: string;
}

export interface ServerOptions {
  stateDir: string;
  port?: number;
  /** More arguments of `npm start`. */
  args?: readonly string[];
  /** Runs these words instead of `node src/cli/start.ts`, with the same arguments after them. */
  command?: readonly [string, ...string[]];
  /** Where it is typed, unless in the project's folder. */
  cwd?: string;
}

/** Credentials of the demo client, for HTTP Basic. */
export const DEMO_CLIENT = "demo-client:demo-secret";

/** A password grant for the demo user. */
export const DEMO_LOGIN = {
  grant_type: "password",
  username: "demo",
  password: "demo-password",
} as const;

/** Starts the service and waits until it has printed its curl line. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { stateDir, args = [], command = [process.execPath, "src/cli/start.ts"] } = options;
  const { cwd = PROJECT_DIR } = options;
  const port = options.port ?? (await freePort());
  const [program, ...words] = command;
  const own = ["--port", String(port), "--persist-to", stateDir];
  const started = await startCommand(program, [...words, ...own, ...args], {
    cwd,
    isReady: (output) => curlLine(output) !== undefined,
  });
  return { url: `http://127.0.0.1:${port}`, port, stateDir, ...started };
}

/** The line that `npm start` prints for people to paste. */
export function curlLine(output: string): string | undefined {
  return /^curl .*\n/m.exec(output)?.[0].trim();
}

/** The link that `npm start` prints for people to open. */
export function signInLinkIn(output: string): string {
  return /^http\S+\/authorize\/\?\S+$/m.exec(output)?.[0] ?? "";
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
