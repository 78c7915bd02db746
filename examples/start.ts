/**
 * `npm run example -- NAME`: runs the token service and an example, connected like two Workers of
 * one account. Without a name it is the protected API. Options: `--port`, `--api-port`, and
 * `--persist-to` for the local state.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { CommandError, messageOf } from "../src/cli/command-error.ts";
import { applyFile } from "../src/cli/commands/apply.ts";
import { DEFAULT_STATE_DIR, PROJECT_DIR } from "../src/cli/project.ts";
import { WRANGLER_ENV } from "../src/cli/wrangler.ts";
import type { LocalExample } from "./local-example.ts";
import { local as mcp } from "./mcp-server/local.ts";
import { local as api } from "./protected-api/local.ts";

/** The examples by name, and their folders. */
const EXAMPLES: Readonly<Record<string, readonly [folder: string, local: LocalExample]>> = {
  api: ["protected-api", api],
  mcp: ["mcp-server", mcp],
};

const HOST = "127.0.0.1";
const START = join(PROJECT_DIR, "src/cli/start.ts");
const WRANGLER = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");

/** Interval for checking that the parent process is alive, in milliseconds. */
const ORPHAN_CHECK_MS = 500;

const { options, folder, local } = readOptions();
const stateDir = resolve(options["persist-to"]);
const issuer = `http://${HOST}:${options.port}`;
const origin = `http://${HOST}:${options["api-port"]}`;

/** The registry through which the two Workers connect; separate from other running Workers. */
const registry = mkdtempSync(join(tmpdir(), "tollgate-example-"));
const children: ChildProcess[] = [];
let isEnding = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(0));
const parent = process.ppid;
// npm sends a signal only to its shell, which ends and leaves this process running.
setInterval(() => process.ppid !== parent && end(0), ORPHAN_CHECK_MS);

try {
  mkdirSync(stateDir, { recursive: true });
  await serveTokens();
  await applyFile(join(folder, "accounts.json"), { stateDir, remote: false });
  await serveApi();
  console.log(local.tour(issuer, origin));
} catch (error) {
  console.error(messageOf(error));
  await end(1);
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string", default: "8787" },
        "api-port": { type: "string", default: "8788" },
        "persist-to": { type: "string", default: DEFAULT_STATE_DIR },
      },
    });
    const name = positionals[0] ?? "api";
    const [found, particular] = EXAMPLES[name] ?? [];
    if (found === undefined || particular === undefined) {
      throw new CommandError(
        `unknown example: ${name}; known: ${Object.keys(EXAMPLES).join(", ")}`,
      );
    }
    return { options: values, folder: join(import.meta.dirname, found), local: particular };
  } catch (error) {
    console.error(messageOf(error));
    process.exit(1);
  }
}

function serveTokens(): Promise<void> {
  return startUntilReady([
    ...[START, "--port", options.port, "--persist-to", stateDir],
    ...toVars({ ISSUER: issuer, ...local.serviceVars(origin) }),
  ]);
}

function serveApi(): Promise<void> {
  return startUntilReady([
    ...[WRANGLER, "dev", "--config", join(folder, "wrangler.toml"), "--ip", HOST],
    ...["--port", options["api-port"], "--inspector-port", "0"],
    ...["--persist-to", join(stateDir, basename(folder))],
    ...toVars({ ISSUER: issuer, ...local.workerVars(origin) }),
  ]);
}

function toVars(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
}

/** Starts a Worker and waits until it is ready. When one Worker ends, both end. */
async function startUntilReady(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...args], {
    env: { ...process.env, ...WRANGLER_ENV, WRANGLER_REGISTRY_PATH: registry },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  child.once("exit", (code) => end(code ?? 1));
  child.stdout.pipe(process.stdout);
  let seen = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    seen = (seen + stripVTControlCharacters(String(chunk))).slice(-4096);
    if (/^Ready\.|Ready on/m.test(seen)) return;
  }
  // The child ended before it was ready; its exit handler ends this process.
  await new Promise<never>(() => undefined);
}

async function end(code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await Promise.all(
    children
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map((child) => {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        return exited;
      }),
  );
  rmSync(registry, { recursive: true, force: true });
  process.exit(code);
}
