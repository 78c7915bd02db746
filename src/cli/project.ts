import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { unstable_readConfig } from "wrangler";

/** Folder of the project, wherever the command was typed. */
export const PROJECT_DIR = resolve(import.meta.dirname, "../..");

/** Wrangler's configuration of the project. */
export const WRANGLER_CONFIG = resolve(PROJECT_DIR, "wrangler.toml");

/** Secrets for local use; made by `npm start`, never committed. */
export const DEV_VARS = resolve(PROJECT_DIR, ".dev.vars");

/** Where local state is kept unless `--persist-to` says otherwise: wrangler's own default. */
export const DEFAULT_STATE_DIR = resolve(PROJECT_DIR, ".wrangler/state");

/** Settings of wrangler.toml; with the local secrets on top unless the deployed service is meant. */
export function settingsOf({ remote }: { readonly remote: boolean }): Record<string, unknown> {
  const { vars } = unstable_readConfig({ config: WRANGLER_CONFIG }, { hideWarnings: true });
  return remote ? vars : { ...vars, ...localSecrets() };
}

/** The local secrets, or none before the first start. */
export function localSecrets(): Record<string, string | undefined> {
  return existsSync(DEV_VARS) ? parseEnv(readFileSync(DEV_VARS, "utf8")) : {};
}
