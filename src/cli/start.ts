/**
 * `npm start`: the whole service on a laptop. Makes what is missing (keys, tables, demo client and
 * user), then hands over to `wrangler dev`. Arguments pass through to it.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";
import { styleText } from "node:util";
import { firstKey } from "../admin/keys.ts";
import { secureRandom } from "../crypto/random.ts";
import { CommandError, messageOf, runCommand } from "./command-error.ts";
import { applyFile } from "./commands/apply.ts";
import { migrateLocally } from "./local-migrations.ts";
import { makePrivate } from "./private-files.ts";
import { DEV_VARS, firstPrefix, localSecrets, settingsOf } from "./project.ts";
import { writeStartConfig } from "./start-config.ts";
import { readStartOptions, START_HELP, type StartOptions } from "./start-options.ts";
import { serveWithWrangler } from "./wrangler.ts";

const DEMO_FILE = resolve(import.meta.dirname, "demo.json");

/** The local secrets that are made where a clone lacks them. */
const MADE_SECRETS = ["TOKEN_KEYS", "SIGNING_KEYS"] as const;

/** Where wrangler kept query strings and bodies before `npm start` turned that off. */
const OLD_TRACES = "v3/observability";

/** Tells the person at the shell something. */
type Say = (text: string) => void;

await runCommand(async () => {
  const options = readStartOptions(process.argv.slice(2));
  if (options.help) {
    console.log(START_HELP);
    return;
  }
  await refuseBusyPort(options);
  // With --json-log stdout is for programs.
  const say = options.jsonLog ? console.error : console.log;
  say("Starting ...");
  makeStateDir(options);
  await makeLocalKeys(say);
  await migrateLocally(options.stateDir);
  await applyFile(DEMO_FILE, { stateDir: options.stateDir, remote: false });
  await serve(options, say);
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
    const isNew = mkdirSync(stateDir, { recursive: true }) !== undefined;
    // It has users and their sessions: wherever it is, git must not take it in.
    if (isNew) writeFileSync(resolve(stateDir, ".gitignore"), "*\n");
    rmSync(resolve(stateDir, OLD_TRACES), { recursive: true, force: true });
  } catch (error) {
    throw new CommandError(`--persist-to: no such folder can be made: ${messageOf(error)}`);
  }
}

/** Nothing ships a default key: every clone makes its own. */
async function makeLocalKeys(say: Say): Promise<void> {
  const change = makePrivate(DEV_VARS);
  if (change !== null) say(change);
  const known = localSecrets();
  const missing = MADE_SECRETS.filter((name) => !known[name]);
  if (missing.length === 0) return;
  say("Making keys for local use in .dev.vars ...");
  const lines = missing.map(async (name) => `${name}='${await firstKey(name, secureRandom)}'\n`);
  const text = (await Promise.all(lines)).join("");
  try {
    appendFileSync(DEV_VARS, lineBreakBefore() + text, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`The keys could not be written: ${messageOf(error)}`);
  }
}

/** The last line of `.dev.vars` may lack its line break. */
function lineBreakBefore(): string {
  const text = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  return text === "" || text.endsWith("\n") ? "" : "\n";
}

async function serve(options: StartOptions, say: Say): Promise<void> {
  const { host, port, stateDir, jsonLog, pathPrefix, passedThrough } = options;
  const fromFiles = firstPrefix(await settingsOf({ remote: false }));
  const prefix = pathPrefix === null ? fromFiles : firstPrefix({ PATH_PREFIX: pathPrefix });
  const own = ["--ip", host, "--port", String(port), "--persist-to", stateDir];
  // The name of a route would reach the Worker by http, which it refuses to every public name.
  own.push("--infer-origin-from-routes=false");
  await serveWithWrangler([...own, ...passedThrough], {
    config: await writeStartConfig(),
    jsonLog,
    // For openapi.json, which all services of a clone share; so a --var does not change it.
    env: { PATH_PREFIX: fromFiles },
    onReady: (url) => say(summary(url, prefix)),
  });
}

function summary({ origin, protocol, host }: URL, prefix: string): string {
  const data = "grant_type=password&username=demo&password=demo-password";
  const url = `${protocol}//demo-client:demo-secret@${host}${prefix}/token/`;
  const options = protocol === "https:" ? "-k " : "";
  return `
${styleText("bold", "Ready.")}

  Address   ${origin}
  API page  ${origin}/docs
  Client    demo-client / demo-secret
  User      demo / demo-password

Get a token:

curl ${options}-X POST -d "${data}" ${url}

${styleText("dim", "Stop: Ctrl+C. Options: npm start -- --help")}
`;
}
