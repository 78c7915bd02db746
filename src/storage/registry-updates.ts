import { splitJson } from "./registry-inserts.ts";

/** Columns and their values. */
export type ColumnValues = Readonly<Record<string, string | number | null>>;

/** A table, and the column that identifies its rows in writes. */
export interface KeyedTable {
  readonly table: "clients" | "users" | "resources";
  readonly key: "client_id" | "username" | "uri";
}

/** The tables whose rows are updated or deleted. */
export const TABLES = {
  clients: { table: "clients", key: "client_id" },
  users: { table: "users", key: "username" },
  resources: { table: "resources", key: "uri" },
} as const satisfies Readonly<Record<string, KeyedTable>>;

/** Sets columns of one row, which must exist and have the expected values. */
export interface RowUpdate {
  /** The row's value of the key column. */
  readonly name: string;
  readonly fields: ColumnValues;
  readonly expected: ColumnValues;
  /** Columns that are set to the time of the database. */
  readonly nowColumns: readonly string[];
}

/** The database's clock, which also dates tokens; the two differ by milliseconds. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** Names the columns of an update. Updates of the same columns can share their statements. */
export function describeColumns({ fields, expected, nowColumns }: Omit<RowUpdate, "name">): string {
  return JSON.stringify([sortedKeys(fields), sortedKeys(expected), nowColumns]);
}

/**
 * The statements that update rows of the same columns: a guard and an UPDATE, however many rows
 * there are, because a command waits for workerd each time that it binds a statement.
 *
 * @param updates of different rows, with equal {@link describeColumns}
 */
export function buildUpdates(
  db: D1Database,
  { table, key }: KeyedTable,
  updates: readonly RowUpdate[],
): D1PreparedStatement[] {
  const [first] = updates;
  if (first === undefined) return [];
  const columns = sortedKeys(first.fields);
  const expected = sortedKeys(first.expected);
  // Column names come from this project, never from input; every value is bound.
  const assignments = [
    ...columns.map((column, index) => `${column} = changes.value ->> ${index + 1}`),
    // max: a row created after a deletion may start slightly in the future.
    ...first.nowColumns.map((column) => `${column} = max(${column}, ${NOW_MS})`),
  ];
  const update = `UPDATE ${table} SET ${assignments.join(", ")}
    FROM json_each(?) AS changes WHERE ${table}.${key} = changes.value ->> 0`;
  const rows = updates.map((one) => [
    one.name,
    ...columns.map((column) => one.fields[column] ?? null),
    ...expected.map((column) => one.expected[column] ?? null),
  ]);
  const guard = buildGuard({ table, key }, expected, columns.length + 1);
  return splitJson(rows).flatMap((text) => [
    db.prepare(guard).bind(text),
    db.prepare(update).bind(text),
  ]);
}

/** The statements that delete one row, which must exist and have the expected values. */
export function buildDeletion(
  db: D1Database,
  { table, key }: KeyedTable,
  name: string,
  expected: ColumnValues = {},
): D1PreparedStatement[] {
  const guard = buildGuard({ table, key }, Object.keys(expected), 1);
  const query = `DELETE FROM ${table} WHERE ${key} = ?`;
  return [
    db.prepare(guard).bind(JSON.stringify([[name, ...Object.values(expected)]])),
    db.prepare(query).bind(name),
  ];
}

/**
 * A query that fails, and its transaction with it, unless every row exists as expected. SQLite does
 * not treat an update of no row as an error, and allows RAISE only in triggers.
 *
 * @param offset index of the first expected value in each row of the bound JSON
 */
function buildGuard(
  { table, key }: KeyedTable,
  expected: readonly string[],
  offset: number,
): string {
  const conditions = [`${table}.${key} = changes.value ->> 0`];
  if (expected.length > 0) {
    // One comparison of rows: D1 limits how deep a chain of AND may be.
    const columns = expected.map((column) => `${table}.${column}`);
    const values = expected.map((_, index) => `changes.value ->> ${offset + index}`);
    conditions.push(`(${columns.join(", ")}) IS (${values.join(", ")})`);
  }
  return `SELECT json(CASE WHEN EXISTS (SELECT 1 FROM json_each(?) AS changes
      WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${conditions.join(" AND ")}))
    THEN 'changed' ELSE '{}' END)`;
}

function sortedKeys(values: ColumnValues): string[] {
  return Object.keys(values).sort();
}
