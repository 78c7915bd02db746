import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { type Ended, type Environment, run } from "./processes.ts";
import { freePort, type Server, startServer } from "./server.ts";

/** A copy of the project with settings, secrets and state of its own, as an operator has one. */
export interface Clone {
  readonly dir: string;
  /** Folder of its local state. */
  readonly stateDir: string;
  /** Origin of the service while it runs; the same after every start. */
  readonly url: string;
  /** Runs a line in the copy. */
  type(line: string, env?: Environment): Promise<Ended>;
  /** Sets what wrangler.toml has under `[vars]`, for the next start. @param toml lines of it */
  set(toml: string): void;
  /** @param value null: takes the secret away */
  setSecret(name: string, value: string | null): void;
  /** Starts the service, or starts it again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const COPIED = ["src", "docs", "package.json", "package-lock.json", "wrangler.toml"];

/** Copies the project into an empty folder. What is installed is shared. */
export async function makeClone(dir: string): Promise<Clone> {
  for (const name of COPIED) {
    const options = { recursive: true, preserveTimestamps: true };
    cpSync(join(PROJECT_DIR, name), join(dir, name), options);
  }
  symlinkSync(join(PROJECT_DIR, "node_modules"), join(dir, "node_modules"));
  const port = await freePort();
  const stateDir = join(dir, ".wrangler/state");
  const config = join(dir, "wrangler.toml");
  let server: Server | undefined;
  async function stop(): Promise<void> {
    await server?.stop();
    server = undefined;
  }
  return {
    dir,
    stateDir,
    url: `http://127.0.0.1:${port}`,
    type: (line, env = {}) => run("bash", ["-c", line], { cwd: dir, env }),
    set(toml) {
      writeFileSync(config, toml.split("\n").reduce(withSetting, readFileSync(config, "utf8")));
    },
    setSecret(name, value) {
      const path = join(dir, ".dev.vars");
      const others = readFileSync(path, "utf8").replace(new RegExp(`^${name}=.*\n`, "m"), "");
      writeFileSync(path, value === null ? others : `${others}${name}='${value}'\n`);
    },
    async start() {
      await stop();
      const command = [process.execPath, join(dir, "src/cli/start.ts")] as const;
      server = await startServer({ stateDir, port, cwd: dir, command: [...command] });
    },
    stop,
  };
}

/** The text of wrangler.toml with one line of the first `[vars]` replaced, or added. */
function withSetting(config: string, line: string): string {
  const [name = ""] = line.split(" = ");
  const [before = "", vars = "", after = ""] = config.split(
    /(?<=^\[vars\]\n)|(?=\n\n\[secrets\])/m,
  );
  const others = vars.split("\n").filter((other) => !other.startsWith(`${name} = `));
  return [before, [line, ...others].join("\n"), after].join("");
}
