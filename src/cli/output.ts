import { stripVTControlCharacters } from "node:util";
import type { Terminal } from "./terminal.ts";

/** The gap between two columns. */
const GAP = "  ";

const UNLIMITED = { columns: Number.POSITIVE_INFINITY, bold: (text: string) => text };

/** Minimum width of a truncated column, in characters. */
const COLUMN_WIDTH_MIN = 8;

/** The format of {@link shortInstant}. Columns of instants are never truncated. */
const SHORT_INSTANT = /^\d{4}-\d\d-\d\d \d\d:\d\d$/;

/**
 * Formats rows as an aligned table with a heading, no wider than the terminal. Truncated cells end
 * in an ellipsis; `--json` shows them in full.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, bold }: Pick<Terminal, "columns" | "bold"> = UNLIMITED,
): string {
  const cells = [head, ...rows].map((row) => row.map(plain));
  const natural = head.map((_, column) => {
    return Math.max(...cells.map((row) => row[column]?.length ?? 0));
  });
  const minima = natural.map((width, column) => {
    const isOfInstants = rows.every((row) => SHORT_INSTANT.test(row[column] ?? ""));
    return isOfInstants ? width : COLUMN_WIDTH_MIN;
  });
  const widths = fitted(natural, minima, columns - GAP.length * (head.length - 1));
  return cells
    .map((row) => row.map((cell, column) => cut(cell, widths[column] ?? 0)).join(GAP))
    .map((line, index) => (index === 0 ? bold(line.trimEnd()) : line.trimEnd()))
    .map((line) => `${line}\n`)
    .join("");
}

/** Shrinks the widest columns, down to their minima, until the row fits. */
function fitted(natural: readonly number[], minima: readonly number[], total: number): number[] {
  const widths = [...natural];
  for (
    let excess = widths.reduce((sum, width) => sum + width, 0) - total;
    excess > 0;
    excess -= 1
  ) {
    const spare = widths.map((width, column) => (width > (minima[column] ?? 0) ? width : 0));
    const width = Math.max(...spare);
    if (width === 0) break;
    widths[spare.indexOf(width)] = width - 1;
  }
  return widths;
}

function cut(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}\u2026` : cell.padEnd(width);
}

/** An instant in a table, to the minute. */
export function shortInstant(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

/** Formats an object as aligned lines of name and value. */
export function details(fields: object): string {
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(([name, value]) => `${name.padEnd(width)}${GAP}${plain(text(value))}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Formats a value as JSON. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Replaces control characters, so that stored text cannot control the terminal. */
export function plain(value: string): string {
  return stripVTControlCharacters(value).replace(/\p{Cc}|\p{Cf}/gu, "\uFFFD");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isList ? value.join(" ") : JSON.stringify(value);
}

/** Writes the result of a command, as text or as JSON. */
export function report(
  result: object,
  options: { readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  return terminal.write(options.json ? json(result) : details(result));
}
