import { ManagementError } from "../errors/management-error.ts";
import type { BrowserSessionRow } from "../storage/browser-sessions.ts";
import type { PageRange } from "../storage/registry.ts";
import type { UserKey } from "../storage/users.ts";
import { findUser } from "./change-user.ts";
import type { AdminDeps } from "./deps.ts";
import { type Listing, listPage } from "./listing.ts";
import { instantOf } from "./registry-rows.ts";

/** A browser in which a user is signed in, as shown by the management API. */
export interface BrowserSessionView {
  /** The `sid`; no token. */
  readonly id: string;
  /** The browser's `User-Agent`, shortened; may be empty. */
  readonly label: string;
  readonly created_at: string;
  /** The latest sign-in (`auth_time`). */
  readonly authenticated_at: string;
}

/** Lists the live browser sessions of a user, one page. @throws ManagementError `not_found` */
export async function listBrowserSessions(
  key: UserKey,
  page: PageRange,
  deps: AdminDeps,
): Promise<Listing<BrowserSessionView>> {
  const { id } = await findUser(key, deps);
  const list = (some: PageRange) => deps.registry.listBrowserSessions(id, some);
  return listPage(list, page, ({ session_id }) => session_id, viewOf);
}

/**
 * Ends a browser session of a user and all logins that began in it; idempotent. Fast checks accept
 * their access tokens until those expire.
 *
 * @throws ManagementError `not_found` when the user has no such browser session
 */
export async function endBrowserSession(
  key: UserKey,
  sessionId: string,
  deps: AdminDeps,
): Promise<void> {
  const { id: userId, username } = await findUser(key, deps);
  if ((await deps.registry.findBrowserSession({ userId, sessionId })) === null) {
    throw new ManagementError("not_found", { kind: "browser session", name: sessionId });
  }
  await deps.registry.write([{ kind: "end_browser_session", username, userId, sessionId }]);
}

function viewOf(row: BrowserSessionRow): BrowserSessionView {
  return {
    id: row.session_id,
    label: row.label,
    created_at: instantOf(row.created_at_ms),
    authenticated_at: instantOf(row.authenticated_at_ms),
  };
}
