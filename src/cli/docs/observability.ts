import { AUDIT_ACTIONS, AUDIT_FIELDS } from "../../telemetry/audit-event.ts";
import { METRIC_BLOBS, METRIC_DOUBLES, METRIC_INDEX } from "../../telemetry/metrics.ts";
import { REQUEST_FIELDS } from "../../telemetry/request-line.ts";
import { table } from "./configuration.ts";

/** The fields of a log line. */
export function logFieldsPart(): string {
  return table(["field", "meaning"], codeRows(REQUEST_FIELDS));
}

/** The actions of audit events. */
export function auditActionsPart(): string {
  return table(["action", "meaning"], codeRows(AUDIT_ACTIONS));
}

/** The fields of an audit event. */
export function auditFieldsPart(): string {
  return table(["field", "meaning"], codeRows(AUDIT_FIELDS));
}

/** The columns of the Analytics Engine dataset, and the log field of each. */
export function metricColumnsPart(): string {
  const columns = [
    ["index1", METRIC_INDEX] as const,
    ...METRIC_BLOBS.map((name, index) => [`blob${index + 1}`, name] as const),
    ...METRIC_DOUBLES.map((name, index) => [`double${index + 1}`, name] as const),
  ];
  const rows = columns.map(([column, field]) => [`\`${column}\``, `\`${field}\``]);
  return table(["column", "log field"], rows);
}

function codeRows(meanings: Readonly<Record<string, string>>): string[][] {
  return Object.entries(meanings).map(([name, meaning]) => [`\`${name}\``, meaning]);
}
