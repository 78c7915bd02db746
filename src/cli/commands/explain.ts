import { createInterface } from "node:readline";
import { Command } from "commander";
import { ERRORS, EXPLANATIONS, reasonsOf } from "../../admin/explanations/index.ts";
import { eventsIn, explain, type LogEvent, storyOf } from "../../admin/explanations/story.ts";
import { CommandError } from "../command-error.ts";

/** A request id, as `X-Request-Id` has it. */
const REQUEST_ID = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/** Most audit events that are kept until the line of their request comes. */
const AUDITS_MAX = 1000;

/** The command `explain`, for `program.ts` to add. */
export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "say what an error, a reason, or a request of the log means; reads the log on standard " +
        "input:\n" +
        "npx wrangler tail | npm run -s cli -- explain ID",
    )
    .argument(
      "[what]",
      "an error or a reason such as invalid_grant or family_raced, or the X-Request-Id of an " +
        "answer; without it every request of the log",
    )
    .action(async (what?: string) => {
      if (what === undefined || REQUEST_ID.test(what)) await explainLog(what ?? null);
      else console.log(explainCode(what));
    });
}

/**
 * Explains an `error` of the wire or a reason of the log.
 *
 * @throws CommandError when there is neither of that name
 */
function explainCode(code: string): string {
  if (Object.hasOwn(EXPLANATIONS, code)) return explain(code).join("\n");
  const meaning = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined;
  if (meaning !== undefined) {
    const reasons = reasonsOf(code).map((reason) => explain(reason).join("\n"));
    return [`${code}: ${meaning}`, ...reasons].join("\n\n");
  }
  const all = [...Object.keys(ERRORS), ...Object.keys(EXPLANATIONS)];
  const near = all.filter((known) => code !== "" && known.includes(code));
  const hint =
    near.length > 0 ? ` Do you mean ${near.join(", ")}?` : " docs/errors.md has them all.";
  throw new CommandError(`There is no error or reason of that name.${hint}`);
}

/**
 * Prints the story of each request whose line comes in, or of one.
 *
 * @throws CommandError when none comes
 */
async function explainLog(requestId: string | null): Promise<void> {
  if (process.stdin.isTTY) {
    const words = ["npx wrangler tail | npm run -s cli -- explain", requestId ?? ""];
    throw new CommandError(`Pipe the log into it: ${words.join(" ").trim()}`);
  }
  const audits: LogEvent[] = [];
  let found = 0;
  for await (const text of createInterface({ input: process.stdin })) {
    for (const line of eventsIn(text)) {
      if (requestId !== null && line.request_id !== requestId) continue;
      if (line.event === "audit") {
        audits.push(line);
        if (audits.length > AUDITS_MAX) audits.shift();
        continue;
      }
      const own = audits.filter(({ request_id }) => request_id === line.request_id);
      console.log(`${found > 0 ? "\n" : ""}${storyOf(line, own)}`);
      found += 1;
    }
    if (requestId !== null && found > 0) return;
  }
  if (found > 0) return;
  const which = requestId === null ? "of a request" : `of the request ${requestId}`;
  throw new CommandError(`No line ${which} came in by standard input.`);
}
