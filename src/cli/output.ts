import { stripVTControlCharacters } from "node:util";
import type { Terminal } from "./terminal.ts";

/** What stands between two columns. */
const GAP = "  ";

/** Writes rows as a table with a head, aligned for people. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(GAP))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Writes an object as lines of name and value, aligned for people. */
export function details(fields: object): string {
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(([name, value]) => `${name.padEnd(width)}${GAP}${plain(text(value))}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Writes a value as JSON for programs. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One line of text that a terminal shows as it is, whatever an entry has in it. */
export function plain(value: string): string {
  return stripVTControlCharacters(value).replace(/\p{Cc}|\p{Cf}/gu, "\uFFFD");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isList ? value.join(" ") : JSON.stringify(value);
}

/** Writes what became of one thing, for people or for programs. */
export function report(
  result: object,
  options: { readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  return terminal.write(options.json ? json(result) : details(result));
}
