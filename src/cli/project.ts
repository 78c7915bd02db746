import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { Unstable_Config } from "wrangler";

/** Folder of the project, wherever the command was typed. */
export const PROJECT_DIR = resolve(import.meta.dirname, "../..");

/** Wrangler's configuration of the project. */
export const WRANGLER_CONFIG = resolve(PROJECT_DIR, "wrangler.toml");

/** Files that are served beside the Worker; wrangler.toml names the folder too. Never committed. */
export const ASSETS_DIR = resolve(PROJECT_DIR, "dist/assets");

/** Secrets for local use; made by `npm start`, never committed. */
export const DEV_VARS = resolve(PROJECT_DIR, ".dev.vars");

/** Where local state is kept unless `--persist-to` says otherwise: wrangler's own default. */
export const DEFAULT_STATE_DIR = resolve(PROJECT_DIR, ".wrangler/state");

/** Loading wrangler takes a second; whoever mistyped a word is told so before. */
export function loadWrangler(): Promise<typeof import("wrangler")> {
  return import("wrangler");
}

/** Reads wrangler.toml as one environment has it. @throws when it is odd */
export async function readConfig(env?: string): Promise<Unstable_Config> {
  const { unstable_readConfig } = await loadWrangler();
  const args = { config: WRANGLER_CONFIG, ...(env === undefined ? {} : { env }) };
  return unstable_readConfig(args, { hideWarnings: true });
}

/** Settings of wrangler.toml, with the local secrets on top unless it is about a deployment. */
export async function settingsOf({
  remote,
  env,
}: {
  readonly remote: boolean;
  readonly env?: string;
}): Promise<Record<string, unknown>> {
  const { vars } = await readConfig(env);
  return remote ? vars : { ...vars, ...localSecrets() };
}

/** The local secrets, or none before the first start. */
export function localSecrets(): Record<string, string | undefined> {
  return existsSync(DEV_VARS) ? parseEnv(readFileSync(DEV_VARS, "utf8")) : {};
}
