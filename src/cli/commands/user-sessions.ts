import type { Command } from "commander";
import * as sessions from "../../management/sessions.ts";
import { withManagement } from "../management.ts";
import {
  type CommonOptions,
  common,
  type ListOptions,
  paged,
  pageOf,
  targetOf,
} from "../options.ts";
import { json, report, table } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the commands about single sessions of a user. All of them end by `user revoke`. */
export function addSessions(user: Command, terminal: Terminal): void {
  paged(user.command("sessions"))
    .description("list the sessions of a user that have not ended")
    .argument("<username>", "the user")
    .action(async (username: string, options: ListOptions) => {
      const { items, next } = await withManagement(targetOf(options), (tools) => {
        return sessions.listSessions({ username }, pageOf(options), tools);
      });
      if (options.json) return terminal.write(json({ sessions: items, next }));
      const rows = items.map((one) => {
        const label = one.imported ? "imported, not used here yet" : one.label;
        return [one.id, one.client_id, one.created_at, one.last_refreshed_at.slice(0, 10), label];
      });
      await terminal.write(table(["SESSION", "CLIENT", "SINCE", "REFRESHED", "LABEL"], rows));
      if (next !== null) terminal.note(`There are more: --after ${next}`);
    });
  common(user.command("end-session"))
    .description("end one session of a user")
    .argument("<username>", "the user")
    .argument("<session>", "the session, as `user sessions` names it")
    .action(async (username: string, session: string, options: CommonOptions) => {
      await withManagement(targetOf(options), (tools) => {
        return sessions.endSession({ username }, session, tools);
      });
      await report({ username, session, ended: true }, options, terminal);
    });
}
