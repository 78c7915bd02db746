import {
  IMPORT_KINDS,
  IMPORT_OUTCOMES,
  type ImportReason,
  type ImportReport,
} from "../management/import/report.ts";
import { plain, table } from "./output.ts";

/** Writes what an import did as tables for people. */
export function describeImport(report: ImportReport, isDryRun: boolean): string {
  const rows = IMPORT_KINDS.map((kind) => {
    return [words(kind), ...IMPORT_OUTCOMES.map((outcome) => `${report.counts[kind][outcome]}`)];
  });
  const { expiredRemoved, revokedEnded } = report.earlier;
  const notes = [
    ...report.warnings.map((warning) => `warning: ${warning}`),
    ...ignoredOf(report),
    ...(expiredRemoved > 0 ? [`removed ${expiredRemoved} expired tokens`] : []),
    ...(revokedEnded > 0 ? [`ended: ${revokedEnded} tokens, revoked there since`] : []),
    ...(isDryRun ? ["dry run: nothing was written"] : []),
  ];
  return [
    table(["", ...IMPORT_OUTCOMES.map((outcome) => outcome.toUpperCase())], rows),
    ...(report.reasons.length > 0 ? [`\n${reasonsOf(report.reasons)}`] : []),
    ...(notes.length > 0 ? [`\n${notes.map((note) => `${plain(note)}\n`).join("")}`] : []),
  ].join("");
}

/** Writes what an import did for programs. */
export function toJson(report: ImportReport, isDryRun: boolean): object {
  const { counts, reasons, ignored: ignored_models, warnings, earlier } = report;
  const { expiredRemoved: expired_removed, revokedEnded: revoked_ended } = earlier;
  const rest = { reasons, ignored_models, warnings, expired_removed, revoked_ended };
  return { dry_run: isDryRun, ...counts, ...rest };
}

function reasonsOf(reasons: readonly ImportReason[]): string {
  const rows = reasons.map(({ kind, outcome, count, reason, examples }) => {
    const more = count > examples.length ? ", ..." : "";
    return [words(kind), outcome, `${count}`, reason, `${examples.join(", ")}${more}`];
  });
  return table(["", "OUTCOME", "COUNT", "REASON", "SUCH AS"], rows);
}

function ignoredOf({ ignored }: ImportReport): string[] {
  const models = Object.entries(ignored).map(([model, count]) => `${model} (${count})`);
  return models.length === 0 ? [] : [`not brought over: ${models.sort().join(", ")}`];
}

function words(kind: string): string {
  return kind.replaceAll("_", " ");
}
