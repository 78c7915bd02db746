import { COMMAND_DEADLINE_MS, callWithDeadline } from "../isolate.ts";
import { type RegistryWrite, subjectOf } from "./registry-writes.ts";

/** A row of the table `audit_events`: a change by an operator. */
export interface AuditEventRow {
  readonly id: number;
  readonly at_ms: number;
  /** Such as `update_client`; see `RegistryWrite`. */
  readonly action: RegistryWrite["kind"] | "end_all_sessions" | "import_django";
  /** The client id, user name or resource; empty: all. */
  readonly subject: string;
  /** Names of the changed columns, separated by spaces; never their values. */
  readonly fields: string;
  /** Whether it ended all sessions of the subject: 0 or 1. */
  readonly ended_sessions: number;
  /** Who made the change: see {@link COMMAND} and `contextOf`; empty: unknown. */
  readonly actor: string;
}

/** The actor of changes by a command. */
export const COMMAND = "command";

/** Parameters of {@link INSERT}: action, subject, fields, ended sessions. */
type AuditEvent = readonly [AuditEventRow["action"], string, string, 0 | 1];

const INSERT = `INSERT INTO audit_events (action, subject, fields, ended_sessions, actor)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1)`;

/**
 * The statement that inserts an event for each write, in order. Part of the transaction of the
 * writes.
 *
 * @param actor who makes the changes
 */
export function insertAuditEvents(
  db: D1Database,
  writes: readonly RegistryWrite[],
  actor: string,
): D1PreparedStatement {
  return insertEvents(db, writes.map(toAuditEvent), actor);
}

function toAuditEvent(write: RegistryWrite): AuditEvent {
  const columns = "fields" in write ? Object.keys(write.fields) : [];
  if ("unlocks" in write && write.unlocks) columns.push("unlocked_at_ms");
  const isDeleted = write.kind === "delete_client" || write.kind === "delete_user";
  const endsSessions = "endsSessions" in write ? write.endsSessions : isDeleted;
  return [write.kind, subjectOf(write), columns.join(" "), endsSessions ? 1 : 0];
}

/** The statement that inserts the event for ending all sessions. */
export function insertEndedSessionsEvent(db: D1Database): D1PreparedStatement {
  return insertEvents(db, [["end_all_sessions", "", "", 1]], COMMAND);
}

/** The statement that inserts the event for an import from another server. */
export function insertImportEvent(db: D1Database): D1PreparedStatement {
  return insertEvents(db, [["import_django", "", "", 0]], COMMAND);
}

/**
 * Reads events, newest first.
 *
 * @param beforeId only events older than this one
 * @throws Unavailable when D1 fails or is not migrated
 */
export async function listAuditEvents(
  db: D1Database,
  { beforeId, limit }: { readonly beforeId: number; readonly limit: number },
): Promise<readonly AuditEventRow[]> {
  const statement = db
    .prepare("SELECT * FROM audit_events WHERE id < ? ORDER BY id DESC LIMIT ?")
    .bind(beforeId, limit);
  const read = () => statement.all<AuditEventRow>();
  return (await callWithDeadline("d1.list_audit_events", read, COMMAND_DEADLINE_MS)).results;
}

function insertEvents(
  db: D1Database,
  events: readonly AuditEvent[],
  actor: string,
): D1PreparedStatement {
  return db.prepare(INSERT).bind(JSON.stringify(events), actor);
}
