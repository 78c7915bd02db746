import type { Command } from "commander";
import type { Listing } from "../../admin/listing.ts";
import * as sessions from "../../admin/sessions.ts";
import type { PageRange } from "../../storage/registry.ts";
import { usageError } from "../command-error.ts";
import { type Listed, writeList } from "../listing.ts";
import { withManagement } from "../management.ts";
import { type CommonOptions, common, type ListOptions, paged, targetOf } from "../options.ts";
import { report, shortInstant } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** Length of a session id in tables; unique among the sessions of a user in practice. */
export const SHORT_ID_LENGTH = 12;

/** Minimum length of an abbreviated id. */
const PREFIX_LENGTH_MIN = 4;

/** Adds the commands for single sessions of a user. `user revoke` ends all of them. */
export function addSessions(user: Command, terminal: Terminal): void {
  paged(user.command("sessions"))
    .description("list the active sessions of a user")
    .argument("<username>", "the user")
    .action((username: string, options: ListOptions) => {
      const listed: Listed<sessions.SessionView> = {
        name: "sessions",
        list: (page, deps) => sessions.listSessions({ username }, page, deps),
        head: ["SESSION", "CLIENT", "SINCE", "REFRESHED", "LABEL"],
        rowOf: (one) => {
          const label = one.imported ? "imported, not used yet" : one.label;
          const refreshed = one.last_refreshed_at.slice(0, 10);
          const id = one.id.slice(0, SHORT_ID_LENGTH);
          return [id, one.client_id, shortInstant(one.created_at), refreshed, label];
        },
        instantOf: (one) => one.created_at,
      };
      return writeList(listed, options, terminal);
    });
  common(user.command("end-session"))
    .description("end one session of a user")
    .argument("<username>", "the user")
    .argument("<session>", "the session id, or the start of it, as shown by `user sessions`")
    .action(async (username: string, session: string, options: CommonOptions) => {
      await withManagement(targetOf(options), async (deps) => {
        const list = (page: PageRange) => sessions.listSessions({ username }, page, deps);
        return sessions.endSession({ username }, await wholeId(session, list), deps);
      });
      await report({ username, session, ended: true }, options, terminal);
    });
}

/**
 * Expands an abbreviated id. Returns an unknown one unchanged; ending it then fails.
 *
 * @throws CommandError when several ids match
 */
export async function wholeId(
  start: string,
  list: (page: PageRange) => Promise<Listing<{ readonly id: string }>>,
): Promise<string> {
  if (start.length < PREFIX_LENGTH_MIN) return start;
  const found: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const { items, next }: Listing<{ readonly id: string }> = await list({ after, limit: 1000 });
    found.push(...items.map(({ id }) => id).filter((id) => id.startsWith(start)));
    after = next;
  }
  if (found.length > 1 && !found.includes(start)) {
    throw usageError(`${start}: ${found.length} sessions match. Use more characters of the id.`);
  }
  return found.length === 1 ? (found[0] ?? start) : start;
}
