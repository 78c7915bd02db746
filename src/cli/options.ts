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

/** Options of a command that asks for confirmation. */
export interface ConfirmOptions extends CommonOptions {
  readonly yes: boolean;
}

/** Options of a list command. */
export interface ListOptions extends CommonOptions {
  readonly after: string;
  readonly limit: number;
}

/** Maximum rows of a page. */
const PAGE_ROWS_MAX = 1000;

const PAGE_ROWS_DEFAULT = 100;

/** Adds the options of every command. */
export function common(command: Command): Command {
  return command
    .addOption(stateDirOption())
    .option("--remote", "use the deployed service instead of local state", false)
    .option("--env <name>", "environment of wrangler.toml, for example staging")
    .option("--json", "print JSON", false);
}

/** The folder of local state. Help shows a short form of the default. */
function stateDirOption(): Option {
  const option = new Option("--persist-to <dir>", "folder of the local state");
  return option.default(DEFAULT_STATE_DIR, ".wrangler/state of this clone");
}

/** Adds the options of a command that asks for confirmation. */
export function confirmed(command: Command): Command {
  return common(command).option("--yes", "do not ask for confirmation", false);
}

/** Adds the options of a list command. */
export function paged(command: Command): Command {
  return common(command)
    .option("--after <name>", "list entries after this name", "")
    .option("--limit <rows>", "maximum number of rows", readLimit, PAGE_ROWS_DEFAULT);
}

/** The service that the options select. */
export function targetOf({ persistTo, remote, env }: CommonOptions): Target {
  return { stateDir: persistTo, remote, ...(env === undefined ? {} : { env }) };
}

/** The page that the options select. */
export function pageOf({ after, limit }: ListOptions): PageRange {
  return { after, limit };
}

/** Reads the `--limit` of a list. @throws InvalidArgumentError */
export function readLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= PAGE_ROWS_MAX) return limit;
  throw new InvalidArgumentError(`It must be a number from 1 to ${PAGE_ROWS_MAX}.`);
}
