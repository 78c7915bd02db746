import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Opens the SQLite file in which local state keeps the service's D1 database. */
export function openLocalDatabase(stateDir: string): DatabaseSync {
  for (const name of globSync("v3/d1/*/*.sqlite", { cwd: stateDir })) {
    const database = new DatabaseSync(join(stateDir, name), { timeout: 10_000 });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    if (tables.some((table) => table["name"] === "clients")) return database;
    database.close();
  }
  throw new Error(`no database with the service's tables in ${stateDir}`);
}

/** Every client and user, column by column. */
export function readRegistry(stateDir: string): Record<string, unknown>[] {
  const database = openLocalDatabase(stateDir);
  try {
    const read = (table: string) => database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
    return [...read("clients"), ...read("users")];
  } finally {
    database.close();
  }
}
