import type { Command } from "commander";
import { type LogoutView, listLogouts } from "../../admin/logouts.ts";
import { type Listed, writeList } from "../listing.ts";
import { type ListOptions, paged } from "../options.ts";
import { shortInstant } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the command that shows whether a client knows of logouts. */
export function addLogouts(client: Command, terminal: Terminal): void {
  paged(client.command("logouts"))
    .description("list the logouts that a client is told of, the latest first")
    .argument("<id>", "the client_id")
    .action((id: string, options: ListOptions) => {
      const listed: Listed<LogoutView> = {
        name: "logouts",
        list: (page, deps) => listLogouts(id, page, deps),
        // With the session, which `--json` has, a row would not fit 80 columns.
        head: ["LOGOUT", "ENDED", "STATE", "TRIES", "RESULT", "NEXT TRY"],
        rowOf: (one) => [
          one.id,
          shortInstant(one.ended_at),
          one.state,
          String(one.tries),
          one.last_result,
          one.next_try_at === null ? "" : shortInstant(one.next_try_at),
        ],
      };
      return writeList(listed, options, terminal);
    });
}
