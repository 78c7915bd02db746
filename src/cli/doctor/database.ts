import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { appliedMigrations, databaseNowMs } from "../../storage/upkeep.ts";
import { type Target, withDatabase } from "../bindings.ts";
import { messageOf } from "../command-error.ts";
import { PROJECT_DIR } from "../project.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const MIGRATIONS_DIR = resolve(PROJECT_DIR, "src/storage/migrations");

/** How far two clocks may be apart, in milliseconds: half of the default retry window. */
const CLOCK_SKEW_MS_MAX = 5_000;

/** The database is migrated, and its clock and this machine's agree. */
export async function checkDatabase(target: Target): Promise<Check[]> {
  try {
    return await withDatabase(target, async (db) => {
      return [checkMigrations(await appliedMigrations(db), target), await checkClock(db)];
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

async function checkClock(db: D1Database): Promise<Check> {
  const beforeMs = Date.now();
  const nowMs = await databaseNowMs(db);
  return compareClocks("clock of D1", nowMs, beforeMs, Date.now());
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
