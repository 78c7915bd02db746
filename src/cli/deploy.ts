/**
 * `npm run deploy`: deploys to a new account or upgrades; safe to repeat. The steps are in
 * `deploy/deployment.ts`; this file composes them and prompts.
 */
import { resolve } from "node:path";
import { confirm, isCancel } from "@clack/prompts";
import { parsePasswordConfig } from "../config/index.ts";
import { secureRandom } from "../crypto/bytes.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../crypto/passwords.ts";
import { withDatabase } from "./bindings.ts";
import { CommandError, runCommand } from "./command-error.ts";
import { type Deployed, deploy } from "./deploy/deployment.ts";
import { type DeployOptions, readDeployOptions } from "./deploy/options.ts";
import { describeChecks, isHealthy } from "./doctor/check.ts";
import { examine } from "./doctor/examine.ts";
import { DEFAULT_STATE_DIR, firstPrefix, PROJECT_DIR, readConfig, settingsOf } from "./project.ts";
import { runWrangler } from "./wrangler.ts";

await runCommand(async () => {
  const options = readDeployOptions(process.argv.slice(2));
  const { environment } = options;
  const env = environment === "" ? {} : { env: environment };
  const config = await readConfig(env.env);
  const prefix = firstPrefix(config.vars);
  const target = { stateDir: DEFAULT_STATE_DIR, remote: true, ...env };
  const deployed = await deploy(
    {
      environment,
      requiredSecrets: config.secrets?.required ?? [],
      // Build logs are kept, so they must not contain a secret.
      makesFirstClient: !process.env["CI"],
    },
    {
      // The build that wrangler runs writes the prefix into openapi.json.
      wrangler: (args, how) => {
        return runWrangler(args, { ...how, env: { ...how?.env, PATH_PREFIX: prefix } });
      },
      withDatabase: (use) => withDatabase(target, use),
      passwordKinds: await createPasswordKinds({
        ...parsePasswordConfig(await settingsOf(target)),
        random: secureRandom,
        deriveLong: longPbkdf2,
      }),
      chooseKeysFile: () => chooseKeysFile(options),
      examine: (address) => examine({ ...target, address, patienceMs: options.patienceMs }),
      say: (text) => console.log(text),
    },
  );
  report(deployed, options, prefix);
});

/** Prompts only on a terminal and outside CI. */
async function chooseKeysFile({ keysFile, environment }: DeployOptions): Promise<string | null> {
  const isUnattended = !process.stdin.isTTY || !process.stdout.isTTY || process.env["CI"];
  if (keysFile !== null || isUnattended) return keysFile;
  const file = resolve(PROJECT_DIR, `${environment || "production"}.secrets`);
  const answer = await confirm({
    message:
      `This is a new Worker. Save its keys in ${file} too? They cannot be read back from ` +
      "Cloudflare, and without them you can replace a key only by ending all sessions.",
  });
  if (isCancel(answer)) throw new CommandError("Nothing was deployed.");
  return answer ? file : null;
}

function report(
  { address, firstClient, checks }: Deployed,
  { environment }: DeployOptions,
  prefix: string,
): void {
  console.log(`\n${describeChecks(checks)}\n`);
  if (!isHealthy(checks)) process.exitCode = 1;
  console.log(`Deployed${address === null ? "" : `: ${address}`}`);
  if (firstClient === null) return;
  const { clientId, secret } = firstClient;
  const tokenUrl = `${address ?? "https://YOUR-ADDRESS"}${prefix}/token/`;
  console.log(
    "\nGet a token:\n\n" +
      `curl -u ${clientId}:${secret} -d grant_type=client_credentials ${tokenUrl}\n\n` +
      "Next, create your own users and clients: npm run -s cli -- --help, with --remote" +
      `${environment === "" ? "" : ` --env ${environment}`}.`,
  );
}
