import { Command } from "commander";
import {
  CATALOGUE,
  ERROR_CODES,
  type ErrorCode,
  type ErrorRow,
  type Reason,
} from "../../errors/index.ts";
import { usageError } from "../command-error.ts";
import { listReasons } from "../docs/errors.ts";

/** The command `explain`. */
export function explainCommand(): Command {
  return new Command("explain")
    .description("say what an error of a response or a reason in the log means, and what to do")
    .argument("<code>", "an error or a reason, such as invalid_grant or family_raced")
    .action((code: string) => console.log(explain(code)));
}

/** @throws CommandError for a code that is neither an error nor a reason */
function explain(code: string): string {
  if (Object.hasOwn(CATALOGUE, code)) return explainReason([code, CATALOGUE[code as Reason]]);
  if (Object.hasOwn(ERROR_CODES, code)) {
    const error = code as ErrorCode;
    const { title, advice } = ERROR_CODES[error];
    return [`${code}: ${title} ${advice}`, ...listReasons(error).map(explainReason)].join("\n\n");
  }
  const codes = [...Object.keys(ERROR_CODES), ...Object.keys(CATALOGUE)];
  const similar = codes.filter((known) => code !== "" && known.includes(code));
  const hint = similar.length > 0 ? `Did you mean ${similar.join(", ")}?` : "See docs/errors.md.";
  throw usageError(`There is no error or reason with this name. ${hint}`);
}

function explainReason([reason, row]: [reason: string, row: ErrorRow]): string {
  const { status, error, meaning, fix, operator } = row;
  const lines = [`Reason: ${reason} (${status} ${error}). ${meaning}`, `Client: ${fix}`];
  return [...lines, ...(operator === undefined ? [] : [`Operator: ${operator}`])].join("\n");
}
