/**
 * `npm start`: runs the service locally. Creates missing keys, tables, and the demo client and
 * user, then runs `wrangler dev` with the remaining arguments.
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
import { firstKeys } from "../admin/keys.ts";
import { secureRandom } from "../crypto/bytes.ts";
import { CommandError, messageOf, runCommand } from "./command-error.ts";
import { applyFile } from "./commands/apply.ts";
import { migrateLocally } from "./local-migrations.ts";
import { makePrivate } from "./private-files.ts";
import { DEV_VARS, firstPrefix, localSecrets, settingsOf } from "./project.ts";
import { signInLink } from "./sign-in-link.ts";
import { writeStartConfig } from "./start-config.ts";
import { readStartOptions, START_HELP, type StartOptions } from "./start-options.ts";
import { serveWithWrangler } from "./wrangler.ts";

const DEMO_FILE = resolve(import.meta.dirname, "demo.json");

/** The local secrets that are created if missing. */
const GENERATED_SECRETS = ["TOKEN_KEYS", "SIGNING_KEYS"] as const;

/** Where wrangler stored query strings and bodies before `npm start` disabled that. */
const OLD_TRACES = "v3/observability";

/** Prints a message. */
type Say = (text: string) => void;

await runCommand(async () => {
  const options = readStartOptions(process.argv.slice(2));
  if (options.help) {
    console.log(START_HELP);
    return;
  }
  await requireFreePort(options);
  // With --json-log, stdout contains only JSON.
  const say = options.jsonLog ? console.error : console.log;
  say("Starting ...");
  makeStateDir(options);
  await makeLocalKeys(say);
  await migrateLocally(options.stateDir);
  await applyFile(DEMO_FILE, { stateDir: options.stateDir, remote: false });
  await serve(options, say);
});

async function requireFreePort({ host, port }: StartOptions): Promise<void> {
  if (!(await isBusy(host, port))) return;
  const other = port === 9000 ? 9001 : 9000;
  throw new CommandError(
    `Port ${port} is in use. Stop the process that uses it, or choose another port: ` +
      `npm start -- --port ${other}`,
  );
}

/** Connects instead of listening, to find a listener that is bound to another address. */
function isBusy(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

function makeStateDir({ stateDir }: StartOptions): void {
  try {
    const isNew = mkdirSync(stateDir, { recursive: true }) !== undefined;
    // It contains users and sessions, so git must ignore it wherever it is.
    if (isNew) writeFileSync(resolve(stateDir, ".gitignore"), "*\n");
    rmSync(resolve(stateDir, OLD_TRACES), { recursive: true, force: true });
  } catch (error) {
    throw new CommandError(`--persist-to: cannot create the folder: ${messageOf(error)}`);
  }
}

/** The project ships no default key: every clone generates its own. */
async function makeLocalKeys(say: Say): Promise<void> {
  const change = makePrivate(DEV_VARS);
  if (change !== null) say(change);
  const known = localSecrets();
  const missing = GENERATED_SECRETS.filter((name) => !known[name]);
  if (missing.length === 0) return;
  say("Generating local keys in .dev.vars ...");
  const lines = missing.map(async (name) => `${name}='${await firstKeys(name, secureRandom)}'\n`);
  const text = (await Promise.all(lines)).join("");
  try {
    appendFileSync(DEV_VARS, lineBreakBefore() + text, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`Could not write the keys: ${messageOf(error)}`);
  }
}

/** The last line of `.dev.vars` may have no line break. */
function lineBreakBefore(): string {
  const text = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  return text === "" || text.endsWith("\n") ? "" : "\n";
}

async function serve(options: StartOptions, say: Say): Promise<void> {
  const { host, port, stateDir, jsonLog, pathPrefix, passedThrough } = options;
  const fromFiles = firstPrefix(await settingsOf({ remote: false }));
  const prefix = pathPrefix === null ? fromFiles : firstPrefix({ PATH_PREFIX: pathPrefix });
  const own = ["--ip", host, "--port", String(port), "--persist-to", stateDir];
  // A route's host would reach the Worker over http, which it rejects for public names.
  own.push("--infer-origin-from-routes=false");
  await serveWithWrangler([...own, ...passedThrough], {
    config: await writeStartConfig(),
    jsonLog,
    // For openapi.json, which all services of a clone share; a --var does not change it.
    env: { PATH_PREFIX: fromFiles },
    onReady: (url) => say(summary(url, prefix)),
  });
}

function summary(service: URL, prefix: string): string {
  const { origin, protocol, host } = service;
  const data = "grant_type=password&username=demo&password=demo-password";
  const url = `${protocol}//demo-client:demo-secret@${host}${prefix}/token/`;
  const options = protocol === "https:" ? "-k " : "";
  const link = signInLink(service, prefix);
  const signIn = link === null ? "" : `Sign in with a browser:\n\n${link}\n\n`;
  return `
${styleText("bold", "Ready.")}

  Address   ${origin}
  API page  ${origin}/docs
  Client    demo-client / demo-secret
  User      demo / demo-password

Get a token:

curl ${options}-X POST -d "${data}" ${url}

${signIn}${styleText("dim", "Stop: Ctrl+C. Options: npm start -- --help")}
`;
}
