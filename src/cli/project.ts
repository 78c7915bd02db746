import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { Unstable_Config } from "wrangler";
import { readSetting, SETTINGS } from "../config/index.ts";
import { usageError } from "./command-error.ts";

/** Folder of the project, independent of the working directory. */
export const PROJECT_DIR = resolve(import.meta.dirname, "../..");

/** The project's wrangler configuration. */
export const WRANGLER_CONFIG = resolve(PROJECT_DIR, "wrangler.toml");

/** Static assets; wrangler.toml contains the same folder. Never committed. */
export const ASSETS_DIR = resolve(PROJECT_DIR, "dist/assets");

/** Local secrets; created by `npm start`, never committed. */
export const DEV_VARS = resolve(PROJECT_DIR, ".dev.vars");

/** Default folder of local state, the same as wrangler's. */
export const DEFAULT_STATE_DIR = resolve(PROJECT_DIR, ".wrangler/state");

/** Loads wrangler, which takes 1 s, only when needed: invalid arguments are reported before. */
export function loadWrangler(): Promise<typeof import("wrangler")> {
  return import("wrangler");
}

/**
 * Reads wrangler.toml for one environment.
 *
 * @throws CommandError when the environment is unknown
 */
export async function readConfig(env?: string): Promise<Unstable_Config> {
  const { unstable_readConfig } = await loadWrangler();
  const config = unstable_readConfig({ config: WRANGLER_CONFIG }, { hideWarnings: true });
  if (env === undefined) return config;
  const known = config.definedEnvironments ?? [];
  if (!known.includes(env)) {
    throw usageError(
      `--env: wrangler.toml has no environment "${env}". Known: ${known.join(", ")}.`,
    );
  }
  return unstable_readConfig({ config: WRANGLER_CONFIG, env }, { hideWarnings: true });
}

/**
 * Environment variables that commands read: a secret that cannot be read back from a Worker, and a
 * setting that a service may receive by `--var`. Other variables with the name of a setting are
 * ignored.
 */
const SHELL_SETTINGS = ["PASSWORD_PEPPER", "IMPORTED_TOKENS"];

/**
 * The settings of wrangler.toml, overridden by local secrets (unless `remote`) and then by
 * environment variables.
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

/** The path prefix that metadata and commands use: the first of `PATH_PREFIX`. */
export function firstPrefix(vars: object): string {
  return readSetting(SETTINGS.pathPrefix, vars)[0] ?? "";
}

function shellSettings(): Record<string, string | undefined> {
  const given = SHELL_SETTINGS.filter((name) => process.env[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, process.env[name]]));
}

/** The local secrets; empty before the first `npm start`. */
export function localSecrets(env?: string): Record<string, string | undefined> {
  const path = localSecretsPath(env);
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}

/** The file where wrangler reads the local secrets of an environment. */
export function localSecretsPath(env?: string): string {
  const own = `${DEV_VARS}.${env}`;
  return env !== undefined && existsSync(own) ? own : DEV_VARS;
}
