import { type Command, InvalidArgumentError, Option } from "commander";
import type { PageRange } from "../storage/registry.ts";
import type { Target } from "./bindings.ts";
import { DEFAULT_STATE_DIR } from "./project.ts";

/** Options of every command. */
export interface CommonOptions {
  readonly persistTo: string;
  readonly remote: boolean;
  readonly env?: string;
  readonly json: boolean;
}

/** Options of a command that asks first. */
export interface ConfirmOptions extends CommonOptions {
  readonly yes: boolean;
}

/** Options of a command that lists. */
export interface ListOptions extends CommonOptions {
  readonly after: string;
  readonly limit: number;
}

/** Most rows of one page. */
const PAGE_ROWS_MAX = 1000;

const PAGE_ROWS_DEFAULT = 100;

/** Adds the options that every command has. */
export function common(command: Command): Command {
  return command
    .addOption(stateDirOption())
    .option("--remote", "the deployed service instead of local state", false)
    .option("--env <name>", "environment of wrangler.toml, such as staging")
    .option("--json", "JSON for programs", false);
}

/** Where local state is. Help names the default by its place in the clone, which is short. */
function stateDirOption(): Option {
  const option = new Option("--persist-to <dir>", "folder of the local state");
  return option.default(DEFAULT_STATE_DIR, ".wrangler/state of this clone");
}

/** Adds what a command that asks first has. */
export function confirmed(command: Command): Command {
  return common(command).option("--yes", "do not ask", false);
}

/** Adds what a command that lists has. */
export function paged(command: Command): Command {
  return common(command)
    .option("--after <name>", "start after this one", "")
    .option("--limit <rows>", "most rows to list", readLimit, PAGE_ROWS_DEFAULT);
}

/** Which service the options mean. */
export function targetOf({ persistTo, remote, env }: CommonOptions): Target {
  return { stateDir: persistTo, remote, ...(env === undefined ? {} : { env }) };
}

/** The page to ask for. */
export function pageOf({ after, limit }: ListOptions): PageRange {
  return { after, limit };
}

/** Reads the `--limit` of a list. @throws InvalidArgumentError */
export function readLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= PAGE_ROWS_MAX) return limit;
  throw new InvalidArgumentError(`It must be a number from 1 to ${PAGE_ROWS_MAX}.`);
}
