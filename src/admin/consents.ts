import { ManagementError } from "../errors/management-error.ts";
import { type NamedConsentRow, toNamedConsent } from "../storage/consents.ts";
import type { PageRange } from "../storage/registry.ts";
import type { UserKey } from "../storage/users.ts";
import { findUser } from "./change-user.ts";
import type { AdminDeps } from "./deps.ts";
import { type Listing, listPage } from "./listing.ts";
import { instantOf } from "./registry-rows.ts";

/** What a user allows a client, as shown by the management API. */
export interface ConsentView {
  readonly client_id: string;
  /** May be empty. */
  readonly client_name: string;
  /** Separated by spaces. */
  readonly scope: string;
  readonly resources: readonly string[];
  /** Hosts or schemes to which codes may go. */
  readonly redirect_hosts: readonly string[];
  /** The latest consent. */
  readonly granted_at: string;
}

/** Lists what a user allows, by client, one page. @throws ManagementError `not_found` */
export async function listConsents(
  key: UserKey,
  page: PageRange,
  deps: AdminDeps,
): Promise<Listing<ConsentView>> {
  const { id } = await findUser(key, deps);
  const list = (some: PageRange) => deps.registry.listConsents(id, some);
  return listPage(list, page, ({ client_id }) => client_id, viewOf);
}

/**
 * Revokes what a user allowed a client, and ends all of their logins and codes, for good;
 * idempotent. Also without a consent: a client may skip it.
 *
 * @throws ManagementError `not_found` when there is no such user or client
 */
export async function revokeConsent(
  key: UserKey,
  clientId: string,
  deps: AdminDeps,
): Promise<void> {
  const { registry } = deps;
  const { id: userId, username } = await findUser(key, deps);
  if (!(await registry.findClients([clientId])).has(clientId)) {
    throw new ManagementError("not_found", { kind: "client", name: clientId });
  }
  await registry.write([{ kind: "revoke_consent", username, userId, consentedTo: clientId }]);
}

function viewOf(row: NamedConsentRow): ConsentView {
  const { clientId, clientName, resources, redirectHosts, grantedAtMs } = toNamedConsent(row);
  return {
    client_id: clientId,
    client_name: clientName,
    scope: row.scope,
    resources,
    redirect_hosts: redirectHosts,
    granted_at: instantOf(grantedAtMs),
  };
}
