import { Command, InvalidArgumentError } from "commander";
import { instantOf } from "../../admin/registry-rows.ts";
import { type AuditEventRow, listAuditEvents } from "../../storage/audit-events.ts";
import { words } from "../../storage/clients.ts";
import { withDatabase } from "../bindings.ts";
import { type CommonOptions, common, readLimit, targetOf } from "../options.ts";
import { json, shortInstant, table } from "../output.ts";
import type { Terminal } from "../terminal.ts";

interface AuditOptions extends CommonOptions {
  readonly before?: number;
  readonly limit: number;
}

/** Default number of events. */
const LIMIT_DEFAULT = 50;

/** The command `audit list`. */
export function auditCommand(terminal: Terminal): Command {
  const audit = new Command("audit").description("show what was changed and by whom");
  common(audit.command("list"))
    .description(
      "list changes and who made them, newest first; shows names of fields, never values",
    )
    .option("--before <id>", "list only events older than this one", readId)
    .option("--limit <rows>", "maximum number of rows", readLimit, LIMIT_DEFAULT)
    .action(async ({ before, limit, ...options }: AuditOptions) => {
      const page = { beforeId: before ?? Number.MAX_SAFE_INTEGER, limit };
      const events = await withDatabase(targetOf(options), (db) => listAuditEvents(db, page));
      await terminal.write(options.json ? json(events.map(toJson)) : describe(events, terminal));
    });
  return audit;
}

function describe(events: readonly AuditEventRow[], terminal: Terminal): string {
  const rows = events.map(({ id, at_ms, action, subject, fields, ended_sessions, actor }) => {
    const sessions = ended_sessions === 1 ? ["(sessions ended)"] : [];
    return [
      String(id),
      shortInstant(instantOf(at_ms)),
      actor || "not recorded",
      action,
      subject || "everyone",
      [...sessions, fields].join(" "),
    ];
  });
  return table(["EVENT", "WHEN", "ACTOR", "ACTION", "SUBJECT", "FIELDS"], rows, terminal);
}

function toJson({ at_ms, actor, fields, ended_sessions, ...event }: AuditEventRow): object {
  return {
    ...event,
    at: instantOf(at_ms),
    actor: actor || null,
    fields: words(fields),
    ended_sessions: ended_sessions === 1,
  };
}

function readId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be an event id.");
}
