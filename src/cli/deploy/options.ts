import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";

/** What `npm run deploy` was asked for. */
export interface DeployOptions {
  /** Empty: production. */
  readonly environment: string;
  /** Absolute; null: not asked for. */
  readonly keysFile: string | null;
  /** How long a new address may take until it answers, in milliseconds. */
  readonly patienceMs: number;
}

const PATIENCE_SECONDS = 90;
const PATIENCE_SECONDS_MAX = 3_600;

/** Reads the words after `npm run deploy --`. Wrong ones end the process, with the usage. */
export function readDeployOptions(words: readonly string[]): DeployOptions {
  const program = new Command("deploy")
    .description(
      "Bring the account to this version of the service: a new Worker or an upgrade. " +
        "Run as: npm run deploy -- OPTIONS",
    )
    .option("--env <name>", "an environment of wrangler.toml, such as staging", "")
    .option("--keys <file>", "keep the keys of a new Worker in this file, or take them from it")
    .option(
      "--wait <seconds>",
      "how long a new address may take until it answers",
      readSeconds,
      PATIENCE_SECONDS,
    )
    // It once ran the tests first. Scripts that left them out go on working.
    .addOption(new Option("--skip-tests").hideHelp())
    .showHelpAfterError();
  program.parse([...words], { from: "user" });
  const { env, keys, wait } = program.opts<{
    env: string;
    keys?: string;
    wait: number;
  }>();
  return {
    environment: env,
    keysFile: keys === undefined ? null : resolve(keys),
    patienceMs: wait * 1000,
  };
}

function readSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : PATIENCE_SECONDS_MAX + 1;
  if (seconds <= PATIENCE_SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(
    `It must be a number of seconds, at most ${PATIENCE_SECONDS_MAX}.`,
  );
}
