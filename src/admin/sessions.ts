import { ManagementError } from "../errors/management-error.ts";
import { type PageRange, RegistryConflict } from "../storage/registry.ts";
import type { SessionRow } from "../storage/session-rows.ts";
import type { UserKey } from "../storage/users.ts";
import { findUser } from "./change-user.ts";
import type { AdminDeps } from "./deps.ts";
import { type Listing, listPage } from "./listing.ts";
import { instantOf } from "./registry-rows.ts";

/** A session as shown by the management API. */
export interface SessionView {
  /** Not a token. */
  readonly id: string;
  readonly client_id: string;
  /** Description of the client at login, for example its browser; may be empty. */
  readonly label: string;
  readonly created_at: string;
  /** Precise to at least a day. */
  readonly last_refreshed_at: string;
  /** Whether it comes from an imported token that has not been used yet. */
  readonly imported: boolean;
}

/** Lists the active sessions of a user, one page. @throws ManagementError `not_found` */
export async function listSessions(
  key: UserKey,
  page: PageRange,
  deps: AdminDeps,
): Promise<Listing<SessionView>> {
  const { id } = await findUser(key, deps);
  const list = (some: PageRange) => deps.registry.listSessions(id, some);
  return listPage(list, page, ({ session_id }) => session_id, viewOf);
}

/**
 * Ends one session of a user; idempotent. The mark in D1 ends it for strict checks. If its refresh
 * family is reachable, it is ended too, for fast checks, which only read KV.
 *
 * @throws ManagementError `not_found` when the user has no such session
 */
export async function endSession(key: UserKey, sessionId: string, deps: AdminDeps): Promise<void> {
  const { registry, endFamily } = deps;
  const { id: userId, username } = await findUser(key, deps);
  const notFound = new ManagementError("not_found", { kind: "session", name: sessionId });
  const row = await registry.findSession({ userId, sessionId });
  if (row === null) throw notFound;
  try {
    await registry.write([{ kind: "end_session", username, userId, sessionId }]);
  } catch (error) {
    throw error instanceof RegistryConflict ? notFound : error;
  }
  if (row.is_imported === 0) await endFamily?.(sessionId, row.client_id);
}

function viewOf(row: SessionRow): SessionView {
  return {
    id: row.session_id,
    client_id: row.client_id,
    label: row.label,
    created_at: instantOf(row.created_at_ms),
    last_refreshed_at: instantOf(row.last_refreshed_at_ms),
    imported: row.is_imported === 1,
  };
}
