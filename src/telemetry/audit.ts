import { type AuditEvent, auditLine } from "./audit-event.ts";
import { currentRecord } from "./record.ts";

/**
 * Tells whoever watches that something happened that matters to security. Never throws and never
 * waits. Outside of a request the event goes to the log alone, without a time of its own.
 */
export function audit(event: AuditEvent): void {
  const record = currentRecord();
  if (record === undefined) console.log(JSON.stringify(auditLine(event)));
  else record.emit(event);
}
