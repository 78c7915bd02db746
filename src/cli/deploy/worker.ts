import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CommandError } from "../command-error.ts";
import { complaintOf, type RunWrangler } from "../wrangler.ts";

/** A Worker that is deployed already. */
export interface DeployedWorker {
  /** Names of its secrets; nobody can read their values. */
  readonly secretNames: readonly string[];
}

/**
 * What wrangler says of a Worker that does not exist: its own words, or the codes 10007 and 10090
 * of the API.
 */
const NO_SUCH_WORKER = /Worker ".+".* not found\.|\[code: (?:10007|10090)\]/;

const NO_SUCH_DATABASE = /Couldn't find (?:a|an auto-provisioned) D1 DB/;

/**
 * Looks whether the Worker is there. The one question that tells a first deployment from an
 * upgrade.
 *
 * @returns null when there is none
 * @throws CommandError when wrangler cannot tell, as when nobody is logged in
 */
export async function findWorker(
  environment: string,
  wrangler: RunWrangler,
): Promise<DeployedWorker | null> {
  const ended = await wrangler(["secret", "list", "--env", environment]);
  if (ended.code !== 0) {
    if (NO_SUCH_WORKER.test(stripVTControlCharacters(ended.output))) return null;
    throw new CommandError(
      `The account could not be asked; npx wrangler login logs in. ${complaintOf(ended)}`,
    );
  }
  const secrets = JSON.parse(ended.stdout) as readonly { name: string }[];
  return { secretNames: secrets.map(({ name }) => name) };
}

/**
 * Uploads the Worker, with its bindings, and starts it.
 *
 * @param args more arguments of `wrangler deploy`
 * @param scratchDir where wrangler may leave a note of what it did
 * @returns its address, or null when wrangler names none
 * @throws CommandError when it fails; wrangler has said why
 */
export async function uploadWorker(
  environment: string,
  wrangler: RunWrangler,
  scratchDir: string,
  args: readonly string[] = [],
): Promise<string | null> {
  // Whoever started this may want to read wrangler's report too, as `npm create cloudflare` does.
  const asked = process.env["WRANGLER_OUTPUT_FILE_PATH"];
  const report = asked ?? join(scratchDir, "wrangler-output.ndjson");
  const { code } = await wrangler(["deploy", "--env", environment, ...args], {
    isShown: true,
    env: { WRANGLER_OUTPUT_FILE_PATH: report },
  });
  if (code !== 0) throw new CommandError("wrangler deploy failed; its own words are above.");
  return addressIn(readFileSync(report, "utf8"));
}

/**
 * Applies the migrations that the deployed database lacks.
 *
 * @returns false when there is no database yet
 * @throws CommandError when one cannot be applied
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
  throw new CommandError(`The migrations could not be applied: ${complaintOf(ended)}`);
}

/** Wrangler names a custom domain as `login.example.com (custom domain)`, and routes by pattern. */
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
