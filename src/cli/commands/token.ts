import { Command, InvalidArgumentError, Option } from "commander";
import { type Config, parseConfig } from "../../config/index.ts";
import { secureRandom } from "../../crypto/random.ts";
import { describeToken } from "../../management/describe-token.ts";
import {
  deriveMintTools,
  LOCAL_TOKEN_STATES,
  type LocalTokenRequest,
  type LocalTokenState,
  mintLocalToken,
} from "../../management/local-tokens.ts";
import { createAccessTokenStore } from "../../storage/access-tokens.ts";
import { createAccountStore } from "../../storage/accounts.ts";
import { withLocalState } from "../bindings.ts";
import { usageError } from "../command-error.ts";
import { DEFAULT_STATE_DIR, settingsOf } from "../project.ts";

/** Oldest token that can be asked for, in seconds: a year. */
const AGE_SECONDS_MAX = 31_536_000;

/**
 * `token mint`: an access token for the tests of an API, in local state.
 *
 * @throws ManagementError when it cannot be minted as asked
 */
export async function mintToken(request: LocalTokenRequest, stateDir: string): Promise<string> {
  const { scopes, lifetimes, ...secrets } = await localConfig();
  const mintTools = await deriveMintTools(secrets);
  return withLocalState(stateDir, async ({ DB, ACCESS_TOKENS }) => {
    return mintLocalToken(request, {
      accounts: createAccountStore(DB),
      accessTokens: createAccessTokenStore(ACCESS_TOKENS),
      mintTools,
      scopes,
      lifetimes,
      random: secureRandom,
      clock: () => Date.now(),
    });
  });
}

/** `token inspect`: what a token is, one line for each thing that it says. */
export async function inspectToken(token: string, stateDir: string): Promise<string> {
  const mintTools = await deriveMintTools(await localConfig());
  const description = await withLocalState(stateDir, ({ ACCESS_TOKENS }) => {
    return describeToken(token, { accessTokens: createAccessTokenStore(ACCESS_TOKENS), mintTools });
  });
  return description.map(([name, value]) => `${name.padEnd(10)}  ${value}`).join("\n");
}

interface MintOptions extends LocalOptions {
  readonly client: string;
  readonly user?: string;
  readonly scope?: string;
  readonly age: number;
  readonly state: LocalTokenState;
}

interface LocalOptions {
  readonly persistTo: string;
  readonly remote: boolean;
}

/** The commands `token mint` and `token inspect`, for `program.ts` to add. */
export function tokenCommand(): Command {
  const token = new Command("token").description("access tokens for tests, in local state alone");
  local(token.command("mint"))
    .description("mint an opaque access token without a family; prints it and nothing else")
    .requiredOption("--client <id>", "whose token it is")
    .option("--user <name>", "who logged in; without it the client acts for itself")
    .option("--scope <names>", "any names, with spaces between; without it all of the client's")
    .option("--age <seconds>", "how long ago it was issued", readAge, 0)
    .addOption(
      new Option("--state <state>", "what it is to be")
        .choices(LOCAL_TOKEN_STATES)
        .default("active"),
    )
    .action(async ({ client, user, scope, age, state, ...options }: MintOptions) => {
      const names = { clientId: client, username: user ?? null, scope: scope ?? null };
      const request = { ...names, ageSeconds: age, state };
      console.log(await mintToken(request, localStateDir(options)));
    });
  local(token.command("inspect"))
    .description("say what a token is and what KV holds of it, without asking the service")
    .argument("<token>", "an access token or a refresh token")
    .action(async (presented: string, options: LocalOptions) => {
      console.log(await inspectToken(presented, localStateDir(options)));
    });
  return token;
}

function local(command: Command): Command {
  return command
    .option("--persist-to <dir>", "folder of the local state", DEFAULT_STATE_DIR)
    .addOption(new Option("--remote").default(false).hideHelp());
}

/** Nobody mints tokens of the deployed service but the service. */
function localStateDir({ persistTo, remote }: LocalOptions): string {
  if (!remote) return persistTo;
  throw usageError("--remote: tokens are minted and inspected in local state alone.");
}

function readAge(text: string): number {
  const age = /^\d{1,9}$/.test(text) ? Number(text) : AGE_SECONDS_MAX + 1;
  if (age <= AGE_SECONDS_MAX) return age;
  throw new InvalidArgumentError(`It must be a number of seconds, at most ${AGE_SECONDS_MAX}.`);
}

/** The settings of the service as it runs here. */
async function localConfig(): Promise<Config> {
  return parseConfig(await settingsOf({ remote: false }));
}
