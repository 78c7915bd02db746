import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CommandError } from "../command-error.ts";
import { errorMessageOf, type RunWrangler } from "../wrangler.ts";

/** A deployed Worker. */
export interface DeployedWorker {
  /** Names of its secrets; their values cannot be read. */
  readonly secretNames: readonly string[];
}

/**
 * Wrangler's output for a Worker that does not exist: its own message, or the API's error codes
 * 10007 and 10090.
 */
const NO_SUCH_WORKER = /Worker ".+".* not found\.|\[code: (?:10007|10090)\]/;

const NO_SUCH_DATABASE = /Couldn't find (?:a|an auto-provisioned) D1 DB/;

/**
 * Finds the deployed Worker. Without one, this is a first deployment, otherwise an upgrade.
 *
 * @returns null when there is none
 * @throws CommandError when wrangler fails, for example because it is not logged in
 */
export async function findWorker(
  environment: string,
  wrangler: RunWrangler,
): Promise<DeployedWorker | null> {
  const ended = await wrangler(["secret", "list", "--env", environment]);
  if (ended.code !== 0) {
    if (NO_SUCH_WORKER.test(stripVTControlCharacters(ended.output))) return null;
    throw new CommandError(
      `Could not query the account; try npx wrangler login. ${errorMessageOf(ended)}`,
    );
  }
  const secrets = JSON.parse(ended.stdout) as readonly { name: string }[];
  return { secretNames: secrets.map(({ name }) => name) };
}

/**
 * Uploads and starts the Worker.
 *
 * @param args additional arguments of `wrangler deploy`
 * @param scratchDir folder for wrangler's report
 * @returns its address, or null when wrangler reports none
 * @throws CommandError when it fails; wrangler has printed the reason
 */
export async function uploadWorker(
  environment: string,
  wrangler: RunWrangler,
  scratchDir: string,
  args: readonly string[] = [],
): Promise<string | null> {
  // A parent process may want wrangler's report too, for example `npm create cloudflare`.
  const asked = process.env["WRANGLER_OUTPUT_FILE_PATH"];
  const report = asked ?? join(scratchDir, "wrangler-output.ndjson");
  const { code } = await wrangler(["deploy", "--env", environment, ...args], {
    isShown: true,
    env: { WRANGLER_OUTPUT_FILE_PATH: report },
  });
  if (code !== 0) throw new CommandError("wrangler deploy failed. See its output above.");
  return addressIn(readFileSync(report, "utf8"));
}

/**
 * Applies pending migrations to the deployed database.
 *
 * @returns false when there is no database yet
 * @throws CommandError when a migration fails
 */
export async function migrateDatabase(
  environment: string,
  wrangler: RunWrangler,
): Promise<boolean> {
  const ended = await wrangler([
    "d1",
    "migrations",
    "apply",
    "DB",
    "--remote",
    "--env",
    environment,
  ]);
  if (ended.code === 0) return true;
  if (NO_SUCH_DATABASE.test(stripVTControlCharacters(ended.output))) return false;
  throw new CommandError(`Could not apply the migrations: ${errorMessageOf(ended)}`);
}

/** Wrangler prints a custom domain as `login.example.com (custom domain)`, a route as a pattern. */
function addressIn(report: string): string | null {
  const entries = report.split("\n").filter((line) => line !== "");
  const deployed = entries
    .map((line) => JSON.parse(line) as { type: string; targets?: readonly string[] })
    .findLast(({ type }) => type === "deploy");
  for (const target of deployed?.targets ?? []) {
    const domain = /^(\S+) \(custom domain\b/.exec(target)?.[1];
    const url = URL.parse(domain === undefined ? target : `https://${domain}`);
    if (url?.protocol === "https:") return url.origin;
  }
  return null;
}
