import { ManagementError } from "../errors/management-error.ts";
import type { DeliveryState, LogoutDeliveryRow } from "../storage/logout-deliveries.ts";
import type { PageRange } from "../storage/registry.ts";
import type { AdminDeps } from "./deps.ts";
import { type Listing, listPage } from "./listing.ts";
import { instantOf } from "./registry-rows.ts";

/** A logout that a client is told of, as shown by the management API. */
export interface LogoutView {
  readonly id: string;
  readonly user_id: string;
  /** The `sid`. */
  readonly session_id: string;
  /** When the session ended. */
  readonly ended_at: string;
  readonly state: DeliveryState;
  readonly tries: number;
  /** Of the latest try; empty: there was none. */
  readonly last_result: string;
  readonly tried_at: string | null;
  readonly next_try_at: string | null;
}

/**
 * Lists the logouts that a client is told of, the latest first, one page.
 *
 * @throws ManagementError `not_found` when there is no such client
 */
export async function listLogouts(
  clientId: string,
  page: PageRange,
  { registry }: AdminDeps,
): Promise<Listing<LogoutView>> {
  if (!(await registry.findClients([clientId])).has(clientId)) {
    throw new ManagementError("not_found", { kind: "client", name: clientId });
  }
  const list = (some: PageRange) => registry.listLogouts(clientId, some);
  return listPage(list, page, ({ id }) => String(id), viewOf);
}

function viewOf(row: LogoutDeliveryRow): LogoutView {
  const { ended_at_ms: endedAtMs, tried_at_ms: triedAtMs, next_try_at_ms: nextMs } = row;
  return {
    id: String(row.id),
    user_id: row.user_id,
    session_id: row.session_id,
    ended_at: instantOf(endedAtMs),
    state: row.state,
    tries: row.tries,
    last_result: row.last_result,
    tried_at: triedAtMs === null ? null : instantOf(triedAtMs),
    // The first try is due at once.
    next_try_at: nextMs === null ? null : instantOf(Math.max(nextMs, endedAtMs)),
  };
}
