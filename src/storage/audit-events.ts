import { COMMAND_DEADLINE_MS, callWithDeadline } from "../deadline.ts";
import type { RegistryWrite } from "./registry-sql.ts";

/** What an operator changed, as the table `audit_events` has it. */
export interface AuditEventRow {
  readonly id: number;
  readonly at_ms: number;
  /** Such as `update_client`; see `RegistryWrite`. */
  readonly action: RegistryWrite["kind"] | "end_all_sessions" | "import_django";
  /** The client id or user name; empty: everybody. */
  readonly subject: string;
  /** Names of the columns that were set, space-separated; never their values. */
  readonly fields: string;
  /** Whether every session of the subject ended with it: 0 or 1. */
  readonly ended_sessions: number;
  /** Who made the change: see {@link COMMAND} and `contextOf`; empty: not recorded. */
  readonly actor: string;
}

/** The actor of what a command changed. */
export const COMMAND = "command";

/** What {@link INSERT} writes: action, subject, fields, ended sessions. */
type AuditEvent = readonly [AuditEventRow["action"], string, string, 0 | 1];

const INSERT = `INSERT INTO audit_events (action, subject, fields, ended_sessions, actor)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 FROM json_each(?1)`;

/**
 * The statement that notes writes in their order, for the transaction of the writes themselves: all
 * or none.
 *
 * @param actor who makes them
 */
export function insertAuditEvents(
  db: D1Database,
  writes: readonly RegistryWrite[],
  actor: string,
): D1PreparedStatement {
  return insertEvents(db, writes.map(toAuditEvent), actor);
}

function toAuditEvent(write: RegistryWrite): AuditEvent {
  const subject = "clientId" in write ? write.clientId : write.username;
  const columns = "fields" in write ? Object.keys(write.fields) : [];
  if ("unlocks" in write && write.unlocks) columns.push("unlocked_at_ms");
  const isDeleted = write.kind === "delete_client" || write.kind === "delete_user";
  const endsSessions = "endsSessions" in write ? write.endsSessions : isDeleted;
  return [write.kind, subject, columns.join(" "), endsSessions ? 1 : 0];
}

/** The statement that notes that every session there is was ended. */
export function insertEndedSessionsEvent(db: D1Database): D1PreparedStatement {
  return insertEvents(db, [["end_all_sessions", "", "", 1]], COMMAND);
}

/** The statement that notes that accounts and tokens of another server were brought in. */
export function insertImportEvent(db: D1Database): D1PreparedStatement {
  return insertEvents(db, [["import_django", "", "", 0]], COMMAND);
}

/**
 * Reads the newest events first.
 *
 * @param beforeId only those that are older than this one
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
