import type { Unstable_Config } from "wrangler";
import { readSetting, SETTINGS } from "../../config/index.ts";
import type { Target } from "../bindings.ts";
import { messageOf } from "../command-error.ts";
import { localSecrets, readConfig } from "../project.ts";
import { type RunWrangler, runWrangler } from "../wrangler.ts";
import { type Check, failed, ok } from "./check.ts";
import { checkBindings, checkSettings } from "./configuration.ts";
import { checkDatabase } from "./database.ts";
import { checkHashingHere, hashingUnknown } from "./hashing.ts";
import { checkLocalSecrets, checkRemoteSecrets } from "./secrets.ts";
import { checkService } from "./service.ts";
import { checkTooling } from "./tooling.ts";

/** What to examine. */
export interface Patient extends Target {
  /** Origin of the running service; null: nobody knows it, and it is not asked. */
  readonly address: string | null;
  /** How long the address may take until it answers, in milliseconds. */
  readonly patienceMs: number;
}

/** Looks at everything that has to be right for the service to work. Changes nothing. */
export async function examine(
  patient: Patient,
  wrangler: RunWrangler = runWrangler,
): Promise<readonly Check[]> {
  const { remote, env } = patient;
  let config: Unstable_Config;
  try {
    config = await readConfig(env);
  } catch (error) {
    const cure = "compare it with wrangler.toml as the project has it";
    return [...checkTooling(), failed("wrangler.toml", messageOf(error), cure)];
  }
  // What runs on this machine does not run where ISSUER says.
  const address = patient.address ?? (remote ? issuerOf(config) : null);
  return [
    ...checkTooling(),
    ok("wrangler.toml", config.name ?? ""),
    checkBindings(config),
    ...checkSettings(config.vars, remote),
    ...(await secretsOf(config, patient, wrangler)),
    ...(await checkDatabase(patient)),
    ...(await serviceOf(address, patient)),
  ];
}

async function secretsOf(
  config: Unstable_Config,
  { remote, env = "" }: Patient,
  wrangler: RunWrangler,
): Promise<Check[]> {
  if (!remote) return checkLocalSecrets(localSecrets());
  try {
    return await checkRemoteSecrets(config.secrets?.required ?? [], env, wrangler);
  } catch (error) {
    return [failed("secrets", messageOf(error), "npx wrangler login")];
  }
}

async function serviceOf(address: string | null, patient: Patient): Promise<Check[]> {
  if (address !== null) return checkService(address, patient.patienceMs);
  return [patient.remote ? hashingUnknown() : await checkHashingHere()];
}

function issuerOf({ vars }: Unstable_Config): string | null {
  const issuer = readSetting(SETTINGS.issuer, vars);
  return issuer === null ? null : new URL(issuer).origin;
}
