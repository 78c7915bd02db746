/**
 * `npm start`: the whole service on a laptop. Makes what is missing (keys, tables, demo client and
 * user), then hands over to `wrangler dev`. Arguments pass through to it.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { applyFile } from "./apply.ts";
import {
  DEFAULT_STATE_DIR,
  DEV_VARS,
  localSecrets,
  PROJECT_DIR,
  WRANGLER_CONFIG,
} from "./project.ts";

const HOST = "127.0.0.1";
const DEFAULT_PORT = 8787;
const DEMO_FILE = resolve(import.meta.dirname, "demo.json");
const WRANGLER = resolve(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");

/** Declared in wrangler.toml or required; wrangler dev drops every other line of `.dev.vars`. */
const REQUIRED_SECRETS = ["TOKEN_KEYS"];

await start(process.argv.slice(2));

async function start(args: readonly string[]): Promise<void> {
  const { port, stateDir } = readArguments(args);
  if (await isBusy(port)) {
    fail(
      `Port ${port} is busy. Stop what listens there, or choose another: npm start -- --port 9000`,
    );
  }
  makeLocalKeys();
  console.log("Applying database migrations ...");
  migrate(stateDir);
  console.log("Making the demo client and user ...");
  await applyFile(DEMO_FILE, { stateDir, remote: false });
  console.log(`Starting the service on http://${HOST}:${port} ...`);
  serve([...args, "--ip", HOST, "--port", String(port), "--persist-to", stateDir], port);
}

function readArguments(args: readonly string[]): { port: number; stateDir: string } {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { port: { type: "string" }, "persist-to": { type: "string" } },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail("--port takes a number to 65535.");
  const stateDir = values["persist-to"];
  return { port, stateDir: typeof stateDir === "string" ? resolve(stateDir) : DEFAULT_STATE_DIR };
}

/** Connecting tells more than listening: another user's listener may be on another address. */
function isBusy(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: HOST, port });
    socket.once("connect", () => {
      socket.destroy();
      settle(true);
    });
    socket.once("error", () => settle(false));
  });
}

/** Nothing ships a default key: every clone makes its own. */
function makeLocalKeys(): void {
  if (localSecrets()["TOKEN_KEYS"]) return;
  console.log("Making keys for local use in .dev.vars ...");
  const line = `TOKEN_KEYS=${randomBytes(32).toString("hex")}\n`;
  appendFileSync(DEV_VARS, line, { mode: 0o600 });
}

function migrate(stateDir: string): void {
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir];
  const run = spawnSync(process.execPath, [WRANGLER, ...args, "--config", WRANGLER_CONFIG], {
    encoding: "utf8",
    env: { ...process.env, CI: "true" },
  });
  if (run.status !== 0) fail(`The migrations could not be applied:\n${run.stdout}${run.stderr}`);
}

function serve(args: readonly string[], port: number): void {
  const optional = Object.entries(localSecrets()).filter(
    ([name]) => !REQUIRED_SECRETS.includes(name),
  );
  const vars = optional.flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const command = [WRANGLER, "dev", "--config", WRANGLER_CONFIG, ...vars, ...args];
  const dev = spawn(process.execPath, command, { stdio: ["inherit", "pipe", "inherit"] });
  dev.stdout.on("data", (chunk: Buffer) => process.stdout.write(chunk));
  announceWhenReady(dev, port);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => dev.kill(signal));
  dev.on("exit", (code) => process.exit(code ?? 0));
}

function announceWhenReady(dev: ChildProcess, port: number): void {
  let seen = "";
  dev.stdout?.on("data", function look(chunk: Buffer) {
    seen = (seen + chunk.toString()).slice(-4096);
    if (!seen.includes("Ready on")) return;
    dev.stdout?.off("data", look);
    const data = "grant_type=password&username=demo&password=demo-password";
    console.log("\nReady. Get a token:\n");
    console.log(
      `curl -X POST -d "${data}" http://demo-client:demo-secret@${HOST}:${port}/o/token/\n`,
    );
  });
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
