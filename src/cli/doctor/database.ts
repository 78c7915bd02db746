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

/** Most clients that one line names. */
const CLIENTS_NAMED_MAX = 5;

const MIGRATIONS_DIR = resolve(PROJECT_DIR, "src/storage/migrations");

/** How far two clocks may be apart, in milliseconds: half of the default retry window. */
const CLOCK_SKEW_MS_MAX = 5_000;

/** The database is migrated, and its clock and this machine's agree. */
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
    return [failed("database", messageOf(reason), cureOf(target))];
  }
}

function checkMigrations(applied: readonly string[], target: Target): Check {
  const names = readdirSync(MIGRATIONS_DIR).filter((name) => name.endsWith(".sql"));
  const missing = names.filter((name) => !applied.includes(name));
  const foreign = applied.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    return failed("migrations", `not applied: ${missing.join(", ")}`, cureOf(target));
  }
  if (foreign.length > 0) {
    const cure = "the database belongs to a newer version; that is fine after a rollback";
    return warning("migrations", `applied and not known here: ${foreign.join(", ")}`, cure);
  }
  return ok("migrations", `all ${names.length} applied`);
}

/** A `sub` means one account; only version 0.1 let a client and a user have one id. */
async function checkSharedIds(db: D1Database): Promise<Check> {
  const shared = await findSharedIds(db);
  if (shared.length === 0) return ok("ids", "no client and user share one");
  const cure = "delete one of the two and make it again under another id";
  return warning("ids", `of a client and of a user: ${shared.join(", ")}`, cure);
}

async function checkClock(db: D1Database): Promise<Check> {
  const beforeMs = Date.now();
  const nowMs = await databaseNowMs(db);
  return compareClocks("clock of D1", nowMs, beforeMs, Date.now());
}

/** Every scope that a client may have is one that the service has. */
async function checkScopes(db: D1Database, target: Target): Promise<Check[]> {
  const scopes = readSetting(SETTINGS.scopes, await settingsOf(target));
  const { listClients } = createRegistry(db);
  const odd: string[] = [];
  for await (const row of allRows(listClients, idOf)) {
    if (unknownScopes(row, scopes).length > 0) odd.push(plain(row.client_id));
  }
  if (odd.length === 0) return [ok("scopes of clients", "SCOPES has all of them")];
  const some = odd.slice(0, CLIENTS_NAMED_MAX).join(", ");
  const more = odd.length > CLIENTS_NAMED_MAX ? ` and ${odd.length - CLIENTS_NAMED_MAX} more` : "";
  return [
    warning(
      "scopes of clients",
      `SCOPES lacks scopes of ${some}${more}`,
      "add them to SCOPES, or change the client: client update ID --scope NAMES",
    ),
  ];
}

/** Names can be compared as USERNAMES says. */
async function checkUsernames(db: D1Database, target: Target): Promise<Check[]> {
  const mode = readSetting(SETTINGS.usernames, await settingsOf(target));
  if (mode === "exact") return [];
  if (await areNamesUnique(db)) return [ok("user names", "no two differ only in case")];
  return [failed("user names", "not prepared for USERNAMES = case-insensitive", "user fold-names")];
}

/** Who lost the scope `introspection` with the version from which on it must be named. */
function checkIntrospection(clientIds: readonly string[]): Check[] {
  if (clientIds.length === 0) return [];
  const detail =
    "clients without `scope` can introspect their own tokens alone; " +
    "`client update ID --scope` names `introspection` for one that checks the tokens of others";
  return [ok("introspection", `${detail}: ${clientIds.map(plain).join(", ")}`)];
}

/** A clock that showed `nowMs` at some time between two moments of this machine's clock. */
export function compareClocks(
  name: string,
  nowMs: number,
  beforeMs: number,
  afterMs: number,
): Check {
  const skewMs = Math.max(0, beforeMs - nowMs, nowMs - afterMs);
  if (skewMs <= CLOCK_SKEW_MS_MAX) return ok(name, "agrees with this machine's");
  const detail = `${Math.round(skewMs / 1000)} s apart from this machine's`;
  return warning(name, detail, "set this machine's clock by NTP; the platform's is right");
}

function cureOf({ remote, stateDir }: Target): string {
  return remote
    ? "npx wrangler login if nobody is, or else npm run deploy"
    : `npm start -- --persist-to ${stateDir}`;
}
