/**
 * `npm start`: the whole service on a laptop. Makes what is missing (keys, tables, demo client and
 * user), then hands over to `wrangler dev`. Arguments pass through to it.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";
import { secureRandom } from "../crypto/random.ts";
import { firstKey } from "../management/keys.ts";
import { CommandError, messageOf, runCommand } from "./command-error.ts";
import { applyFile } from "./commands/apply.ts";
import { migrateLocally } from "./local-migrations.ts";
import { makePrivate } from "./private-files.ts";
import { DEV_VARS, localSecrets } from "./project.ts";
import { readStartOptions, type StartOptions } from "./start-options.ts";
import { serveWithWrangler } from "./wrangler.ts";

const DEMO_FILE = resolve(import.meta.dirname, "demo.json");

/** Required by wrangler.toml; wrangler dev drops every other line of `.dev.vars`. */
const REQUIRED_SECRETS = ["TOKEN_KEYS"];

/** The local secrets that are made where a clone lacks them. */
const MADE_SECRETS = ["TOKEN_KEYS", "SIGNING_KEYS"] as const;

await runCommand(async () => {
  const options = readStartOptions(process.argv.slice(2));
  await refuseBusyPort(options);
  makeStateDir(options);
  await makeLocalKeys();
  console.log("Applying database migrations ...");
  await migrateLocally(options.stateDir);
  console.log("Making the demo client and user ...");
  await applyFile(DEMO_FILE, { stateDir: options.stateDir, remote: false });
  console.log(`Starting the service on port ${options.port} ...`);
  await serve(options);
});

async function refuseBusyPort({ host, port }: StartOptions): Promise<void> {
  if (!(await isBusy(host, port))) return;
  const other = port === 9000 ? 9001 : 9000;
  throw new CommandError(
    `Port ${port} is busy. ` +
      `Stop what listens there, or choose another: npm start -- --port ${other}`,
  );
}

/** Connecting tells more than listening: another user's listener may be on another address. */
function isBusy(host: string, port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      settle(true);
    });
    socket.once("error", () => settle(false));
  });
}

function makeStateDir({ stateDir }: StartOptions): void {
  try {
    mkdirSync(stateDir, { recursive: true });
  } catch (error) {
    throw new CommandError(`--persist-to: no such folder can be made: ${messageOf(error)}`);
  }
}

/** Nothing ships a default key: every clone makes its own. */
async function makeLocalKeys(): Promise<void> {
  const change = makePrivate(DEV_VARS);
  if (change !== null) console.log(change);
  const known = localSecrets();
  const missing = MADE_SECRETS.filter((name) => !known[name]);
  if (missing.length === 0) return;
  console.log("Making keys for local use in .dev.vars ...");
  const lines = missing.map(async (name) => `${name}='${await firstKey(name, secureRandom)}'\n`);
  const text = (await Promise.all(lines)).join("");
  try {
    appendFileSync(DEV_VARS, lineBreakBefore() + text, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`The keys could not be written: ${messageOf(error)}`);
  }
}

/** Whoever wrote `.dev.vars` may have left its last line without an end. */
function lineBreakBefore(): string {
  const text = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  return text === "" || text.endsWith("\n") ? "" : "\n";
}

async function serve({ host, port, stateDir, passedThrough }: StartOptions): Promise<void> {
  const optional = Object.entries(localSecrets()).filter(
    ([name]) => !REQUIRED_SECRETS.includes(name),
  );
  const vars = optional.flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const own = ["--ip", host, "--port", String(port), "--persist-to", stateDir];
  // The name of a route would reach the Worker by http, which it refuses to every public name.
  own.push("--infer-origin-from-routes=false");
  await serveWithWrangler([...vars, ...own, ...passedThrough], announce);
}

function announce({ protocol, host }: URL): void {
  const data = "grant_type=password&username=demo&password=demo-password";
  const url = `${protocol}//demo-client:demo-secret@${host}/o/token/`;
  const options = protocol === "https:" ? "-k " : "";
  console.log(`\nReady. Get a token:\n\ncurl ${options}-X POST -d "${data}" ${url}\n`);
}
