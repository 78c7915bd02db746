import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { Argument, Command, Option } from "commander";
import {
  addKey,
  KEY_WAITS,
  type KeySecret,
  type KeySet,
  type KeyUse,
  listKeys,
  promoteKey,
  retireKey,
  usesOf,
} from "../../admin/keys.ts";
import { secureRandom } from "../../crypto/bytes.ts";
import { type JWK, SIGNING_ALGORITHMS, type SigningAlgorithm } from "../../crypto/signing-keys.ts";
import { CommandError, messageOf, usageError } from "../command-error.ts";
import { changeLocalSecret, readLocalSecret } from "../dev-vars.ts";
import { type CommonOptions, common } from "../options.ts";
import { json, table } from "../output.ts";
import { localSecretsPath, readConfig } from "../project.ts";
import type { Terminal } from "../terminal.ts";
import { runWrangler } from "../wrangler.ts";

interface KeyOptions extends CommonOptions {
  readonly signing: boolean;
  readonly keysStdin: boolean;
  readonly varsFile?: string;
}

interface AddOptions extends KeyOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly pemFile?: string;
}

/** Maximum size of a Worker secret, in bytes. Source: Workers, "Limits". */
const WORKER_SECRET_BYTES_MAX = 5120;

/** What to do after a step of a rotation. */
function nextStep(verb: "add" | "promote", secret: KeySecret, set: KeySet): string {
  const added = set.keys.at(-1);
  if (verb === "add" && usesOf(set).at(-1) === "id tokens") {
    return `It signs ID tokens of clients that use ${added?.algorithm}, from now on.`;
  }
  const wait = KEY_WAITS[secret][verb].replaceAll("`", "");
  return verb === "add"
    ? `Wait ${wait}. Then promote the new key.`
    : `Wait ${wait}. Then retire the old key.`;
}

/** The commands `key ...`. */
export function keyCommand(terminal: Terminal): Command {
  const key = new Command("key").description(
    "manage the keys that seal tokens and the keys that sign JWTs",
  );
  const id = () => new Argument("<id>", "the key id, as shown by key list");
  keys(key.command("list"))
    .description("list keys in order; the first one seals or signs")
    .action(async (options: KeyOptions) => {
      const secret = secretOf(options);
      const set = await listKeys(secret, await currentValue(options, terminal));
      await show(set, options, terminal, false);
    });
  keys(key.command("add"))
    .description("generate a key and add it at the end: it is accepted, but not used yet")
    .addOption(
      new Option("--algorithm <name>", "algorithm of a signing key; default: ES256").choices(
        SIGNING_ALGORITHMS,
      ),
    )
    .option("--pem-file <file>", "add the private signing key of another server instead")
    .action(async (options: AddOptions) => {
      const { algorithm = "ES256", pemFile, signing } = options;
      if (!signing && (options.algorithm ?? pemFile) !== undefined) {
        throw usageError("--algorithm and --pem-file require --signing.");
      }
      const random = secureRandom;
      const added = pemFile === undefined ? { algorithm, random } : { jwk: readPem(pemFile) };
      await change("add", options, terminal, (secret, value) => addKey(secret, value, added));
    });
  keys(key.command("promote"))
    .description("move a key ahead of the others: it seals or signs new tokens")
    .addArgument(id())
    .action((one: string, options: KeyOptions) => {
      return change("promote", options, terminal, (secret, value) => {
        return promoteKey(secret, value, one);
      });
    });
  keys(key.command("retire"))
    .description("remove a key: tokens that it sealed or signed become invalid")
    .addArgument(id())
    .action((one: string, options: KeyOptions) => {
      return change("retire", options, terminal, (secret, value) => {
        return retireKey(secret, value, one);
      });
    });
  return key;
}

/** Reads PKCS #8, PKCS #1 or SEC 1. @throws CommandError that does not quote the key */
function readPem(path: string): JWK {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (error) {
    throw usageError(`--pem-file: ${messageOf(error)}`);
  }
  try {
    return createPrivateKey(pem).export({ format: "jwk" }) as JWK;
  } catch {
    throw usageError(`--pem-file: ${path} is not a private key in PEM without a passphrase`);
  }
}

function keys(command: Command): Command {
  return common(command)
    .option("--signing", "change SIGNING_KEYS instead of TOKEN_KEYS", false)
    .option("--keys-stdin", "with --remote: read the current keys from standard input", false)
    .option("--vars-file <file>", "file of local secrets instead of .dev.vars");
}

async function change(
  verb: "add" | "promote" | "retire",
  options: KeyOptions,
  terminal: Terminal,
  decide: (secret: KeySecret, value: string) => Promise<KeySet>,
): Promise<void> {
  const secret = secretOf(options);
  const set = options.remote
    ? await changeRemote(secret, options, terminal, decide)
    : await changeLocalSecret(await varsFile(options), secret, async (value) => {
        if (!value) throw missing(secret, options);
        return decide(secret, value);
      });
  await show(set, options, terminal, options.remote);
  if (options.remote) terminal.note(`Save the new ${secret} now; it will not be shown again.`);
  else terminal.note("Restart the service if it is running.");
  if (verb !== "retire") terminal.note(nextStep(verb, secret, set));
}

/** The operator supplies the current value, because a Worker's secret cannot be read back. */
async function changeRemote(
  secret: KeySecret,
  options: KeyOptions,
  terminal: Terminal,
  decide: (secret: KeySecret, value: string) => Promise<KeySet>,
): Promise<KeySet> {
  const set = await decide(secret, await currentValue(options, terminal));
  if (Buffer.byteLength(set.value) > WORKER_SECRET_BYTES_MAX) {
    throw usageError(`${secret}: longer than ${WORKER_SECRET_BYTES_MAX} bytes; retire a key first`);
  }
  const { env } = options;
  if (env !== undefined) await readConfig(env);
  // "" is the top level; without --env, wrangler would use an environment variable.
  const args = ["secret", "put", secret, "--env", env ?? ""];
  const { code, output } = await runWrangler(args, { input: set.value });
  if (code === 0) return set;
  throw new CommandError(
    `Could not update ${secret}; the old value is still in use:\n${output.trim()}`,
  );
}

async function currentValue(options: KeyOptions, terminal: Terminal): Promise<string> {
  const secret = secretOf(options);
  if (options.remote) {
    const option = { name: "--keys-stdin", isSet: options.keysStdin };
    return terminal.readSecret(`Current ${secret}`, option);
  }
  const value = readLocalSecret(await varsFile(options), secret);
  if (!value) throw missing(secret, options);
  return value;
}

async function varsFile({ varsFile: named, env }: KeyOptions): Promise<string> {
  if (named !== undefined) return named;
  if (env !== undefined) await readConfig(env);
  return localSecretsPath(env);
}

function missing(secret: KeySecret, { varsFile: named }: KeyOptions): CommandError {
  const place = named ?? ".dev.vars";
  return new CommandError(`${place}: ${secret} is missing. Run npm start once to create it.`);
}

function secretOf({ signing }: KeyOptions): KeySecret {
  return signing ? "SIGNING_KEYS" : "TOKEN_KEYS";
}

/** What a key does, in a word or two. */
const USES: Readonly<Record<KeySecret, Readonly<Record<KeyUse, string>>>> = {
  TOKEN_KEYS: { all: "seals", "id tokens": "opens", "nothing new": "opens" },
  SIGNING_KEYS: { all: "signs", "id tokens": "signs ID tokens", "nothing new": "verifies" },
};

/** Shows the value only after a remote change, because it cannot be read back later. */
async function show(
  set: KeySet,
  options: KeyOptions,
  terminal: Terminal,
  withValue: boolean,
): Promise<void> {
  const words = USES[secretOf(options)];
  const uses = usesOf(set);
  const shown = set.keys.map((key, index) => ({ ...key, use: words[uses[index] ?? "all"] }));
  const value = withValue ? { value: set.value } : {};
  if (options.json) return terminal.write(json({ keys: shown, ...value }));
  const rows = shown.map(({ id, algorithm, use: used }) => [id, algorithm, used]);
  const list = table(["KEY", "ALGORITHM", "USE"], rows, terminal);
  if (!withValue) return terminal.write(list);
  terminal.note(list.trimEnd());
  await terminal.write(`${set.value}\n`);
}
