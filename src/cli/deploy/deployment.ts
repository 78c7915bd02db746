import { join } from "node:path";
import type { PasswordKinds } from "../../crypto/passwords.ts";
import { CommandError } from "../command-error.ts";
import type { Check } from "../doctor/check.ts";
import type { RunWrangler } from "../wrangler.ts";
import { type ClientCredentials, makeFirstClient } from "./first-client.ts";
import { keepKeys, makeKeys, withScratchDir, writePrivately } from "./keys.ts";
import { findWorker, migrateDatabase, uploadWorker } from "./worker.ts";

/** Options of a deployment. */
export interface DeployPlan {
  /** Name of an environment in wrangler.toml; empty: production. */
  readonly environment: string;
  /** Secrets that the Worker needs to start. */
  readonly requiredSecrets: readonly string[];
  /** Whether to create a client if there is none, and show its secret. */
  readonly makesFirstClient: boolean;
}

/** Dependencies of {@link deploy}. */
export interface DeployDeps {
  readonly wrangler: RunWrangler;
  /** Opens the deployed database. */
  readonly withDatabase: <Result>(use: (db: D1Database) => Promise<Result>) => Promise<Result>;
  readonly passwordKinds: PasswordKinds;
  /**
   * Chooses a file for the keys of a new Worker; null: keep them only in the Worker. Called before
   * the upload, because the keys cannot be read back later.
   */
  readonly chooseKeysFile: () => Promise<string | null>;
  /** Runs health checks on the deployed service. @param address null: unknown */
  readonly examine: (address: string | null) => Promise<readonly Check[]>;
  readonly say: (text: string) => void;
}

/** The result of a deployment. */
export interface Deployed {
  /** Origin of the service, or null when wrangler reports none. */
  readonly address: string | null;
  /** Null: clients already exist, or none was requested. */
  readonly firstClient: ClientCredentials | null;
  readonly checks: readonly Check[];
}

/**
 * Deploys a new Worker or upgrades an existing one. Completed steps are kept, so an interrupted
 * deployment is finished by running it again. Existing keys are never replaced.
 *
 * @throws CommandError that names the failed step
 */
export async function deploy(plan: DeployPlan, deps: DeployDeps): Promise<Deployed> {
  const { environment } = plan;
  const { wrangler, say } = deps;
  say("Checking the deployed Worker ...");
  const worker = await findWorker(environment, wrangler);
  if (worker !== null) requireSecrets(plan, worker.secretNames);
  // Migrations only add columns and tables, so the running version keeps working; see
  // docs/operations.md. A new Worker has no database until it is deployed.
  let isMigrated = worker !== null && (await migrate(plan, deps));
  const address = await upload(plan, deps, worker === null);
  isMigrated ||= await migrate(plan, deps);
  if (!isMigrated)
    throw new CommandError(
      "The database does not exist after wrangler deploy. Check the D1 binding in wrangler.toml.",
    );
  const firstClient = plan.makesFirstClient ? await ensureClient(deps) : null;
  say("Running health checks ...");
  return { address, firstClient, checks: await deps.examine(address) };
}

/** The scratch folder has the keys of a new Worker. It does not outlive the upload. */
function upload({ environment }: DeployPlan, deps: DeployDeps, isNew: boolean) {
  return withScratchDir(async (scratchDir) => {
    const secrets = isNew ? await writeSecrets(deps, scratchDir) : [];
    deps.say(isNew ? "Deploying a new Worker ..." : "Deploying the new version ...");
    return uploadWorker(environment, deps.wrangler, scratchDir, secrets);
  });
}

function requireSecrets(
  { requiredSecrets, environment }: DeployPlan,
  present: readonly string[],
): void {
  const missing = requiredSecrets.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  const option = environment === "" ? "" : ` --env ${environment}`;
  const commands = missing.map((name) => `  npx wrangler secret put ${name}${option}`);
  throw new CommandError(
    `The deployed Worker has no ${missing.join(", ")}, which this version requires. ` +
      "Nothing was changed. Set each secret (see docs/configuration.md), then deploy again:\n" +
      commands.join("\n"),
  );
}

function migrate({ environment }: DeployPlan, { wrangler, say }: DeployDeps): Promise<boolean> {
  say("Applying database migrations ...");
  return migrateDatabase(environment, wrangler);
}

/** @returns the arguments of `wrangler deploy` that upload the keys of a new Worker */
async function writeSecrets(
  { chooseKeysFile, say }: DeployDeps,
  scratchDir: string,
): Promise<string[]> {
  const keysFile = await chooseKeysFile();
  const keys = keysFile === null ? await makeKeys() : await keepKeys(keysFile);
  say(
    keysFile === null
      ? "Generated keys. They are stored only in the Worker and cannot be read back."
      : `The keys are in ${keysFile}. They cannot be read back from the Worker: move the file to ` +
          "your secret store.",
  );
  const secretsFile = join(scratchDir, "secrets.json");
  writePrivately(secretsFile, keys);
  return ["--secrets-file", secretsFile];
}

function ensureClient({ withDatabase, passwordKinds, say }: DeployDeps) {
  return withDatabase((db) => {
    return makeFirstClient(db, passwordKinds, ({ clientId, secret }) => {
      say(
        "Creating the first client. Save its secret now; it will not be shown again:\n\n" +
          `  client_id      ${clientId}\n  client_secret  ${secret}\n`,
      );
    });
  });
}
