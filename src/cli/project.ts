import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { Unstable_Config } from "wrangler";
import { readSetting, SETTINGS } from "../config/index.ts";
import { usageError } from "./command-error.ts";

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

/**
 * Reads wrangler.toml as one environment has it.
 *
 * @throws CommandError when there is no such environment
 */
export async function readConfig(env?: string): Promise<Unstable_Config> {
  const { unstable_readConfig } = await loadWrangler();
  const config = unstable_readConfig({ config: WRANGLER_CONFIG }, { hideWarnings: true });
  if (env === undefined) return config;
  const known = config.definedEnvironments ?? [];
  if (!known.includes(env)) {
    throw usageError(`--env: wrangler.toml has no environment ${env}, only ${known.join(", ")}.`);
  }
  return unstable_readConfig({ config: WRANGLER_CONFIG, env }, { hideWarnings: true });
}

/**
 * What a command takes from the shell's variables, since wrangler.toml may not say it: a secret
 * that cannot be read back, and a setting that a service gets by `--var`. Taken by name: a variable
 * that only happens to be called like a setting changes nothing.
 */
const SHELL_SETTINGS = ["PASSWORD_PEPPER", "IMPORTED_TOKENS"];

/**
 * Settings of wrangler.toml; on top the local secrets, unless it is about a deployment, and what
 * the shell says.
 */
export async function settingsOf({
  remote,
  env,
}: {
  readonly remote: boolean;
  readonly env?: string;
}): Promise<Record<string, unknown>> {
  const { vars } = await readConfig(env);
  return { ...vars, ...(remote ? {} : localSecrets(env)), ...shellSettings() };
}

/** The prefix of the endpoints that the metadata names, and so the commands do. */
export function firstPrefix(vars: object): string {
  return readSetting(SETTINGS.pathPrefix, vars)[0] ?? "";
}

function shellSettings(): Record<string, string | undefined> {
  const given = SHELL_SETTINGS.filter((name) => process.env[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, process.env[name]]));
}

/** The local secrets, or none before the first start. */
export function localSecrets(env?: string): Record<string, string | undefined> {
  const path = localSecretsPath(env);
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}

/** Where wrangler looks for the local secrets of an environment. */
export function localSecretsPath(env?: string): string {
  const own = `${DEV_VARS}.${env}`;
  return env !== undefined && existsSync(own) ? own : DEV_VARS;
}
