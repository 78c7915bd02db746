import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";

/** Options of `npm run deploy`. */
export interface DeployOptions {
  /** Empty: production. */
  readonly environment: string;
  /** Absolute path; null: not given. */
  readonly keysFile: string | null;
  /** How long to wait for a new address to respond, in milliseconds. */
  readonly patienceMs: number;
}

const PATIENCE_SECONDS = 90;
const PATIENCE_SECONDS_MAX = 3_600;

/** Parses the arguments after `npm run deploy --`. Exits with the usage if they are invalid. */
export function readDeployOptions(words: readonly string[]): DeployOptions {
  const program = new Command("deploy")
    .description(
      "Deploy this version of the service: create a new Worker or upgrade it. " +
        "Run as: npm run deploy -- OPTIONS",
    )
    .addOption(
      new Option("--env <name>", "environment of wrangler.toml, for example staging").default(
        "",
        "production",
      ),
    )
    .option("--keys <file>", "save the keys of a new Worker in this file, or read them from it")
    .option(
      "--wait <seconds>",
      "how long to wait for a new address to respond",
      readSeconds,
      PATIENCE_SECONDS,
    )
    // Accepted so that old scripts keep working: an earlier version ran the tests first.
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
    `It must be a number of seconds from 0 to ${PATIENCE_SECONDS_MAX}.`,
  );
}
