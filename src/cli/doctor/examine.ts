import type { Unstable_Config } from "wrangler";
import { readSetting, SETTINGS } from "../../config/index.ts";
import type { Target } from "../bindings.ts";
import { messageOf } from "../command-error.ts";
import { localSecrets, readConfig } from "../project.ts";
import { type RunWrangler, runWrangler } from "../wrangler.ts";
import { type Check, failed, ok } from "./check.ts";
import { checkBindings, checkSettings, checkTriggers } from "./configuration.ts";
import { checkDatabase } from "./database.ts";
import { checkHashingHere, hashingUnknown } from "./hashing.ts";
import { checkLocalSecrets, checkRemoteSecrets } from "./secrets.ts";
import { checkService } from "./service.ts";
import { checkTooling } from "./tooling.ts";

/** Options of {@link examine}. */
export interface ExamineOptions extends Target {
  /** Origin of the running service; null: unknown, and the service is not checked. */
  readonly address: string | null;
  /** How long to wait for the address to respond, in milliseconds. */
  readonly patienceMs: number;
}

/** Checks everything that the service needs to work. Changes nothing. */
export async function examine(
  options: ExamineOptions,
  wrangler: RunWrangler = runWrangler,
): Promise<readonly Check[]> {
  const { remote, env } = options;
  let config: Unstable_Config;
  try {
    config = await readConfig(env);
  } catch (error) {
    const fix = "compare it with the project's wrangler.toml";
    return [...checkTooling(), failed("wrangler.toml", messageOf(error), fix)];
  }
  // ISSUER is not the address of a local service.
  const address = options.address ?? (remote ? issuerOf(config) : null);
  return [
    ...checkTooling(),
    ok("wrangler.toml", config.name ?? ""),
    checkBindings(config),
    ...checkTriggers(config),
    ...checkSettings({ ...config.vars, ...(remote ? {} : localSecrets(env)) }, remote),
    ...(await secretsOf(config, options, wrangler)),
    ...(await checkDatabase(options)),
    ...(await serviceOf(address, options)),
  ];
}

async function secretsOf(
  config: Unstable_Config,
  { remote, env = "" }: ExamineOptions,
  wrangler: RunWrangler,
): Promise<Check[]> {
  if (!remote) return checkLocalSecrets(localSecrets(env));
  try {
    return await checkRemoteSecrets(config.secrets?.required ?? [], env, wrangler);
  } catch (error) {
    return [failed("secrets", messageOf(error), "npx wrangler login")];
  }
}

async function serviceOf(address: string | null, options: ExamineOptions): Promise<Check[]> {
  if (address !== null) return checkService(address, options.patienceMs);
  return [options.remote ? hashingUnknown() : await checkHashingHere()];
}

function issuerOf({ vars }: Unstable_Config): string | null {
  const issuer = readSetting(SETTINGS.issuer, vars);
  return issuer === null ? null : new URL(issuer).origin;
}
