import type { AccountStore } from "../storage/account.ts";
import type { BrowserSessionReference } from "../storage/browser-sessions.ts";
import type { ConsentStore } from "../storage/consents.ts";
import type { SessionReference } from "../storage/session-rows.ts";
import { audit } from "../telemetry/request-log.ts";
import { auditEnd } from "./browser-session.ts";

/** What users need to end their own logins. */
export interface AccountDeps {
  readonly account: AccountStore;
  readonly consents: ConsentStore;
}

/**
 * Ends one login of a user: its mark in D1 for exact checks, its family for fast ones.
 *
 * @throws Unavailable, Refusal `family_busy`
 */
export async function endLogin(
  login: SessionReference,
  endFamily: (familyId: string, clientId: string) => Promise<void>,
  { account }: Pick<AccountDeps, "account">,
): Promise<void> {
  const ended = await account.endLogin(login);
  if (ended === null) return;
  const { client_id: clientId, is_imported: isImported } = ended;
  if (isImported === 0) return endFamily(login.sessionId, clientId);
  // An imported token that was not used has no family yet.
  audit({ action: "family_revoked", clientId, userId: login.userId, reason: "account_page" });
}

/**
 * Ends all logins of a user, and all browser sessions except the current one.
 *
 * @throws Unavailable
 */
export async function endEverythingElse(
  current: BrowserSessionReference,
  nowMs: number,
  { account }: Pick<AccountDeps, "account">,
): Promise<void> {
  await account.endOthers(current, nowMs);
  auditEnd(current, "all_others");
}

/**
 * Revokes what a user allowed a client, and ends their logins, for good.
 *
 * @throws Unavailable
 */
export async function revokeConsent(
  userId: string,
  clientId: string,
  nowMs: number,
  { consents }: Pick<AccountDeps, "consents">,
): Promise<void> {
  await consents.revoke(userId, clientId, nowMs);
  audit({ action: "consent_revoked", userId, clientId });
}
