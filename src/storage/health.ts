import { callWithDeadline } from "../deadline.ts";
import type { RefreshFamily } from "./refresh-family.ts";

/** One look at each kind of storage, by its name. Each throws Unavailable when it fails. */
export interface HealthChecks {
  readonly d1: () => Promise<void>;
  readonly kv: () => Promise<void>;
  readonly object: () => Promise<void>;
}

/** How long a look may take, in milliseconds: below what a monitor waits for. */
export const HEALTH_DEADLINE_MS = 2_000;

/** Names the family and the token that are looked for and that nobody ever makes. */
const NOBODYS = "healthz";

/**
 * Builds {@link HealthChecks}. Each reads what is not there: one row that D1 looks for, one key of
 * KV, and a family that never began, always the same one, so that its object stays near and awake
 * under a monitor. Nothing is written, and the platform keeps no object that has stored nothing.
 */
export function createHealthChecks(
  db: D1Database,
  accessTokens: KVNamespace,
  families: DurableObjectNamespace<RefreshFamily>,
): HealthChecks {
  const look = async (operation: string, read: () => Promise<unknown>) => {
    await callWithDeadline(operation, read, HEALTH_DEADLINE_MS);
  };
  return {
    d1: () => {
      const statement = db.prepare("SELECT 1 FROM clients WHERE client_id = ?").bind(NOBODYS);
      return look("d1.health", () => statement.first());
    },
    kv: () => look("kv.health", () => accessTokens.get(NOBODYS)),
    object: () => {
      return look("family.health", async () => {
        await families.get(families.idFromName(NOBODYS)).inspect();
      });
    },
  };
}
