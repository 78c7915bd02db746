import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { allRows, idOf } from "../../admin/all-rows.ts";
import { unknownScopes } from "../../admin/scope-names.ts";
import { readSetting, SETTINGS } from "../../config/index.ts";
import { areNamesUnique } from "../../storage/fold-names.ts";
import {
  appliedMigrations,
  clientsWithoutScope,
  databaseNowMs,
  findSharedIds,
} from "../../storage/maintenance.ts";
import { createRegistry } from "../../storage/registry.ts";
import { type Target, withDatabase } from "../bindings.ts";
import { messageOf } from "../command-error.ts";
import { plain } from "../output.ts";
import { PROJECT_DIR, settingsOf } from "../project.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Maximum number of clients that a message names. */
const CLIENTS_NAMED_MAX = 5;

const MIGRATIONS_DIR = resolve(PROJECT_DIR, "src/storage/migrations");

/** Maximum difference of two clocks, in milliseconds: half of the default retry window. */
const CLOCK_SKEW_MS_MAX = 5_000;

/** Checks the database: migrations, data, and its clock. */
export async function checkDatabase(target: Target): Promise<Check[]> {
  try {
    return await withDatabase(target, async (db) => {
      return [
        checkMigrations(await appliedMigrations(db), target),
        await checkSharedIds(db),
        await checkClock(db),
        ...(await checkScopes(db, target)),
        ...(await checkUsernames(db, target)),
        ...checkIntrospection(await clientsWithoutScope(db)),
      ];
    });
  } catch (error) {
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return [failed("database", messageOf(reason), fixFor(target))];
  }
}

function checkMigrations(applied: readonly string[], target: Target): Check {
  const names = readdirSync(MIGRATIONS_DIR).filter((name) => name.endsWith(".sql"));
  const missing = names.filter((name) => !applied.includes(name));
  const foreign = applied.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    return failed("migrations", `not applied: ${missing.join(", ")}`, fixFor(target));
  }
  if (foreign.length > 0) {
    const fix = "a newer version migrated the database; this is expected after a rollback";
    return warning("migrations", `applied but unknown to this version: ${foreign.join(", ")}`, fix);
  }
  return ok("migrations", `all ${names.length} applied`);
}

/** Ids of clients and users must differ, because `sub` contains both. Version 0.1 allowed it. */
async function checkSharedIds(db: D1Database): Promise<Check> {
  const shared = await findSharedIds(db);
  if (shared.length === 0) return ok("ids", "no client and user share an id");
  const fix = "delete one of the two and create it again with another id";
  return warning("ids", `shared by a client and a user: ${shared.join(", ")}`, fix);
}

async function checkClock(db: D1Database): Promise<Check> {
  const beforeMs = Date.now();
  const nowMs = await databaseNowMs(db);
  return compareClocks("clock of D1", nowMs, beforeMs, Date.now());
}

/** Checks that SCOPES contains every scope of every client. */
async function checkScopes(db: D1Database, target: Target): Promise<Check[]> {
  const scopes = readSetting(SETTINGS.scopes, await settingsOf(target));
  const { listClients } = createRegistry(db);
  const affected: string[] = [];
  for await (const row of allRows(listClients, idOf)) {
    if (unknownScopes(row, scopes).length > 0) affected.push(plain(row.client_id));
  }
  if (affected.length === 0) return [ok("scopes of clients", "all are in SCOPES")];
  const some = affected.slice(0, CLIENTS_NAMED_MAX).join(", ");
  const others = affected.length - CLIENTS_NAMED_MAX;
  const more = others > 0 ? ` and ${others} more` : "";
  return [
    warning(
      "scopes of clients",
      `SCOPES does not contain all scopes of ${some}${more}`,
      "add them to SCOPES, or change the client: client update ID --scope NAMES",
    ),
  ];
}

/** Checks that user names can be compared as USERNAMES says. */
async function checkUsernames(db: D1Database, target: Target): Promise<Check[]> {
  const mode = readSetting(SETTINGS.usernames, await settingsOf(target));
  if (mode === "exact") return [];
  if (await areNamesUnique(db)) return [ok("user names", "all are unique when case is ignored")];
  return [failed("user names", "not prepared for USERNAMES=case-insensitive", "user fold-names")];
}

/** Lists clients without `scope`: since version 0.2, `introspection` must be named explicitly. */
function checkIntrospection(clientIds: readonly string[]): Check[] {
  if (clientIds.length === 0) return [];
  const detail =
    "clients without `scope` can introspect only their own tokens; to check tokens of other " +
    "clients, add `introspection` with `client update ID --scope`";
  return [ok("introspection", `${detail}: ${clientIds.map(plain).join(", ")}`)];
}

/** Compares a clock that read `nowMs` between two readings of this machine's clock. */
export function compareClocks(
  name: string,
  nowMs: number,
  beforeMs: number,
  afterMs: number,
): Check {
  const skewMs = Math.max(0, beforeMs - nowMs, nowMs - afterMs);
  if (skewMs <= CLOCK_SKEW_MS_MAX) return ok(name, "agrees with this machine's clock");
  const detail = `${Math.round(skewMs / 1000)} s from this machine's clock`;
  return warning(
    name,
    detail,
    "synchronize this machine's clock with NTP; the platform's clock is correct",
  );
}

function fixFor({ remote, stateDir }: Target): string {
  return remote
    ? "npx wrangler login, if not logged in; otherwise npm run deploy"
    : `npm start -- --persist-to ${stateDir}`;
}
