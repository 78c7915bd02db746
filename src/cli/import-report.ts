import {
  IMPORT_KINDS,
  IMPORT_OUTCOMES,
  type ImportReason,
  type ImportReport,
} from "../django-import/report.ts";
import { plain, table } from "./output.ts";

/** Formats the report of an import as tables. */
export function describeImport(report: ImportReport, isDryRun: boolean): string {
  const rows = IMPORT_KINDS.map((kind) => {
    return [words(kind), ...IMPORT_OUTCOMES.map((outcome) => `${report.counts[kind][outcome]}`)];
  });
  const { expiredRemoved, revokedEnded } = report.earlier;
  const notes = [
    ...report.warnings.map((warning) => `warning: ${warning}`),
    ...report.notes.map((note) => `note: ${note}`),
    ...unreadOf(report),
    ...ignoredOf(report),
    ...(expiredRemoved > 0 ? [`removed ${expiredRemoved} expired imported tokens`] : []),
    ...(revokedEnded > 0
      ? [`ended ${revokedEnded} imported tokens that the old server has revoked since`]
      : []),
    ...(isDryRun ? ["dry run: nothing was written"] : []),
  ];
  return [
    table(["", ...IMPORT_OUTCOMES.map((outcome) => outcome.toUpperCase())], rows),
    ...(report.reasons.length > 0 ? [`\n${reasonsOf(report.reasons)}`] : []),
    ...(notes.length > 0 ? [`\n${notes.map((note) => `${plain(note)}\n`).join("")}`] : []),
  ].join("");
}

/** The report of an import as JSON. */
export function toJson(report: ImportReport, isDryRun: boolean): object {
  const { counts, reasons, ignored: ignored_models, warnings, notes, earlier } = report;
  const { expiredRemoved: expired_removed, revokedEnded: revoked_ended } = earlier;
  const unread_fields = report.unread.map(({ isStandard, ...field }) => {
    return { ...field, is_standard: isStandard };
  });
  const rest = {
    ...{ reasons, warnings, notes, unread_fields, ignored_models },
    ...{ expired_removed, revoked_ended },
  };
  return { dry_run: isDryRun, ...counts, ...rest };
}

function reasonsOf(reasons: readonly ImportReason[]): string {
  const rows = reasons.map(({ kind, outcome, count, reason, examples }) => {
    const more = count > examples.length ? ", ..." : "";
    return [words(kind), outcome, `${count}`, reason, `${examples.join(", ")}${more}`];
  });
  return table(["", "OUTCOME", "COUNT", "REASON", "EXAMPLES"], rows);
}

/** One line for each model. Custom fields come first, before those of Django. */
function unreadOf({ unread }: ImportReport): string[] {
  return IMPORT_KINDS.flatMap((kind) => {
    const fields = unread
      .filter((field) => field.kind === kind && !UNIMPORTANT.includes(field.field))
      .sort((one, other) => Number(one.isStandard) - Number(other.isStandard))
      .map(({ field, count, value }) => {
        return value === null ? `${field} (${count})` : `${field} (${count}, for example ${value})`;
      });
    return fields.length === 0
      ? []
      : [`fields of ${words(kind)} not imported: ${fields.join(", ")}`];
  });
}

/** The service does not need to know when a row was written. */
const UNIMPORTANT: readonly string[] = ["created", "updated"];

function ignoredOf({ ignored }: ImportReport): string[] {
  const models = Object.entries(ignored).map(([model, count]) => `${model} (${count})`);
  return models.length === 0 ? [] : [`models not imported: ${models.sort().join(", ")}`];
}

function words(kind: string): string {
  return kind.replaceAll("_", " ");
}
