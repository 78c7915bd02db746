import { callWithDeadline } from "../isolate.ts";
import type { RefreshFamily } from "./refresh-family.ts";

/** A check for each kind of storage. Each throws Unavailable when it fails. */
export interface HealthChecks {
  readonly d1: () => Promise<void>;
  readonly kv: () => Promise<void>;
  readonly object: () => Promise<void>;
}

/** Deadline of a check, in milliseconds: below the timeouts of monitors. */
export const HEALTH_DEADLINE_MS = 2_000;

/** Name of a client, token and family that never exist. */
const MISSING = "healthz";

/**
 * Builds {@link HealthChecks}. Each reads something that does not exist: a row in D1, a key in KV,
 * and a family. Always the same family, so that its object stays active under a monitor. Nothing is
 * written, and the platform does not keep an object that stores nothing.
 */
export function createHealthChecks(
  db: D1Database,
  accessTokens: KVNamespace,
  families: DurableObjectNamespace<RefreshFamily>,
): HealthChecks {
  const check = async (operation: string, read: () => Promise<unknown>) => {
    await callWithDeadline(operation, read, HEALTH_DEADLINE_MS);
  };
  return {
    d1: () => {
      const statement = db.prepare("SELECT 1 FROM clients WHERE client_id = ?").bind(MISSING);
      return check("d1.health", () => statement.first());
    },
    kv: () => check("kv.health", () => accessTokens.get(MISSING)),
    object: () => {
      return check("family.health", async () => {
        await families.get(families.idFromName(MISSING)).inspect();
      });
    },
  };
}
