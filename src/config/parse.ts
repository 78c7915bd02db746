import { ConfigError } from "../errors/refusal.ts";
import type { Kind } from "./kinds.ts";
import type { Setting } from "./setting.ts";

/** The settings by name, as the platform provides them. Any may be missing or invalid. */
export type Settings = object;

type Rows = Readonly<Record<string, Setting>>;

/** The type of a setting's value. */
export type ValueOf<Row> = Row extends { kind: Kind<infer Value> }
  ? Row extends { default: null }
    ? Value | null
    : Value
  : never;

/** The values of a table of settings. */
export type ValuesOf<Table> = { readonly [Key in keyof Table]: ValueOf<Table[Key]> };

/** A rule between settings. */
export interface Rule<Values> {
  /** The setting to change. */
  readonly name: string;
  /** @returns a problem that completes the sentence "NAME ...", or null */
  readonly problem: (values: Values) => string | null;
}

/**
 * Reads the settings of a table.
 *
 * @throws ConfigError that lists every problem
 */
export function readSettings<Table extends Rows>(
  table: Table,
  settings: Settings,
  rules: readonly Rule<ValuesOf<Table>>[] = [],
): ValuesOf<Table> {
  const problems: string[] = [];
  const entries = Object.entries<Setting>(table).map(([key, row]) => {
    const read = readRow(row, settings);
    if ("value" in read) return [key, read.value];
    problems.push(read.problem);
    return [key, null];
  });
  if (problems.length > 0) throw new ConfigError(...problems);
  const values = Object.fromEntries(entries) as ValuesOf<Table>;
  for (const { name, problem } of rules) {
    const found = problem(values);
    if (found !== null) problems.push(`${name} ${found}`);
  }
  if (problems.length > 0) throw new ConfigError(...problems);
  return values;
}

/**
 * Reads one setting, even if others are invalid. If it is invalid itself, returns its default:
 * {@link readSettings} reports it.
 */
export function readSetting<Row extends Setting>(row: Row, settings: Settings): ValueOf<Row> {
  const [given, byDefault] = [readRow(row, settings), readRow(row, {})];
  if ("value" in given) return given.value as ValueOf<Row>;
  if ("value" in byDefault) return byDefault.value as ValueOf<Row>;
  throw new ConfigError(byDefault.problem);
}

function readRow(
  { name, kind, default: byDefault }: Setting,
  settings: Settings,
): { readonly value: unknown } | { readonly problem: string } {
  const given = (settings as Readonly<Record<string, unknown>>)[name] ?? byDefault;
  if (given === undefined) return { problem: `${name} is missing: it must be ${kind.allowed}` };
  // An empty text means null where null is allowed. Elsewhere it is an error and not the default:
  // an empty SCOPES is not meant to be all scopes.
  if (given === null || (given === "" && byDefault === null)) return { value: null };
  if (given === "") {
    const fix = byDefault === undefined ? "" : `; remove it for the default, ${byDefault}`;
    return { problem: `${name} is empty: it must be ${kind.allowed}${fix}` };
  }
  const read = kind.read(given);
  if ("value" in read) return read;
  return { problem: `${name} ${read.problem}: it must be ${kind.allowed}` };
}
