import { join } from "node:path";
import type { PasswordKinds } from "../../crypto/passwords.ts";
import { CommandError } from "../command-error.ts";
import type { Check } from "../doctor/check.ts";
import type { RunWrangler } from "../wrangler.ts";
import { type ClientCredentials, makeFirstClient } from "./first-client.ts";
import { keepKeys, makeKeys, withScratchDir, writePrivately } from "./keys.ts";
import { findWorker, migrateDatabase, uploadWorker } from "./worker.ts";

/** What to deploy, and how. */
export interface DeployPlan {
  /** As `[env.NAME]` of wrangler.toml; empty: production. */
  readonly environment: string;
  /** Secrets without which the Worker does not start. */
  readonly requiredSecrets: readonly string[];
  /** Whether to make a client where there is none; its secret is shown. */
  readonly makesFirstClient: boolean;
}

/** What {@link deploy} works with. */
export interface DeployDeps {
  readonly wrangler: RunWrangler;
  /** Opens the deployed database. */
  readonly withDatabase: <Result>(use: (db: D1Database) => Promise<Result>) => Promise<Result>;
  readonly passwordKinds: PasswordKinds;
  /**
   * Says where the keys of a new Worker are kept, or taken from; null: in the Worker alone. Asked
   * before they are made, since afterwards nobody could read them.
   */
  readonly chooseKeysFile: () => Promise<string | null>;
  /** Looks whether the deployed service works. @param address null: nobody knows it */
  readonly examine: (address: string | null) => Promise<readonly Check[]>;
  readonly say: (text: string) => void;
}

/** What a deployment came to. */
export interface Deployed {
  /** Origin of the service, or null when wrangler names none. */
  readonly address: string | null;
  /** Null: there were clients already, or none was asked for. */
  readonly firstClient: ClientCredentials | null;
  readonly checks: readonly Check[];
}

/**
 * Brings the account to this version of the service: a new Worker, or an upgrade. Whatever has been
 * done already, by an earlier attempt too, is left as it is, so that a deployment that broke off
 * anywhere is finished by another. Keys that exist are never replaced.
 *
 * @throws CommandError with the step that failed
 */
export function deploy(plan: DeployPlan, deps: DeployDeps): Promise<Deployed> {
  return withScratchDir(async (scratchDir) => {
    const { environment } = plan;
    const { wrangler, say } = deps;
    say("Looking at what is deployed ...");
    const worker = await findWorker(environment, wrangler);
    if (worker !== null) requireSecrets(plan, worker.secretNames);
    // Migrations only ever add, so the version that still runs does not mind; see the operator's
    // page. A new Worker has no database yet: deploying it makes one.
    let isMigrated = worker !== null && (await migrate(plan, deps));
    const secrets = worker === null ? await writeSecrets(deps, scratchDir) : [];
    say(worker === null ? "Deploying a new Worker ..." : "Deploying the new version ...");
    const address = await uploadWorker(environment, wrangler, scratchDir, secrets);
    isMigrated ||= await migrate(plan, deps);
    if (!isMigrated) throw new CommandError("There is no database, even after wrangler deploy.");
    const firstClient = plan.makesFirstClient ? await ensureClient(deps) : null;
    say("Looking whether it works ...");
    return { address, firstClient, checks: await deps.examine(address) };
  });
}

function requireSecrets(
  { requiredSecrets, environment }: DeployPlan,
  present: readonly string[],
): void {
  const missing = requiredSecrets.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  const option = environment === "" ? "" : ` --env ${environment}`;
  const cures = missing.map((name) => `  npx wrangler secret put ${name}${option}`);
  throw new CommandError(
    `The deployed Worker lacks secrets that this version needs: ${missing.join(", ")}. ` +
      "Nothing was changed. Set each (the README says what it holds) and deploy again:\n" +
      cures.join("\n"),
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
      ? "Made keys. Only the Worker has them, and nobody can read them back from there."
      : `The keys stand in ${keysFile}. Nobody can read them back from the Worker: keep that ` +
          "file where you keep secrets, and nowhere else.",
  );
  const secretsFile = join(scratchDir, "secrets.json");
  writePrivately(secretsFile, keys);
  return ["--secrets-file", secretsFile];
}

function ensureClient({ withDatabase, passwordKinds, say }: DeployDeps) {
  return withDatabase((db) => {
    return makeFirstClient(db, passwordKinds, ({ clientId, secret }) => {
      say(
        "Making the first client. Its secret is shown this once:\n\n" +
          `  client_id      ${clientId}\n  client_secret  ${secret}\n`,
      );
    });
  });
}
