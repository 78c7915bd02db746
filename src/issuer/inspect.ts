import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { AccountStore, Client, User } from "../storage/accounts.ts";
import type { FamilyStore } from "../storage/families.ts";
import { type AccessToken, unsealAccessToken } from "../tokens/access-token.ts";
import { isAccessTokenLive } from "../tokens/family.ts";
import type { TokenRings } from "./mint.ts";

/** An access token that is good now. */
export interface ActiveToken {
  readonly clientId: string;
  /** `users.id`, or null when the client acts for itself. */
  readonly subject: string | null;
  /** Null where there is no subject. */
  readonly username: string | null;
  /** As on the wire. */
  readonly scope: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** What inspecting needs. */
export interface InspectTools extends Pick<TokenRings, "accessTokenRing"> {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly accounts: AccountStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What is known of an access token before its client and user are looked at. */
interface Grounds {
  readonly clientId: string;
  readonly subject: string | null;
  readonly scope: string;
  /** When the login, or the client's own request, took place. */
  readonly authorizedAtMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Tells whether an access token is good at this moment, exactly: a revoked family, a rotated-away
 * generation, a deactivated user or client and a changed password show at once.
 *
 * @returns null when it is not; a forged token costs no storage operation
 * @throws Unavailable when storage fails, Refusal `family_busy` when its object is asked too much
 */
export async function inspect(token: string, tools: InspectTools): Promise<ActiveToken | null> {
  const unsealed = await unsealAccessToken(tools.accessTokenRing, token);
  if (unsealed === null) return null;
  const grounds = await groundsOf(token, unsealed, tools);
  if (grounds === null) return null;
  const { clientId, subject, scope, issuedAtMs, expiresAtMs } = grounds;
  const userKey = subject === null ? null : { id: subject };
  const { client, user } = await tools.accounts.find(clientId, userKey);
  if (!isInForce(grounds, client, user)) return null;
  return { clientId, subject, username: user?.username ?? null, scope, issuedAtMs, expiresAtMs };
}

/** A family's object knows exactly what is live; only a token without a family needs KV. */
async function groundsOf(
  token: string,
  unsealed: AccessToken,
  { accessTokens, families, clock }: InspectTools,
): Promise<Grounds | null> {
  if (unsealed.kind === "single") {
    const record = await accessTokens.get(token);
    if (record === null || clock() >= record.expiresAtMs) return null;
    return { ...record, authorizedAtMs: record.issuedAtMs };
  }
  const family = await families.inspect(unsealed.familyId);
  if (family === null || !isAccessTokenLive(family, unsealed.generation, clock())) return null;
  const { clientId, subject, createdAtMs, live } = family;
  const { scope, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs } = live;
  return { clientId, subject, scope, authorizedAtMs: createdAtMs, issuedAtMs, expiresAtMs };
}

function isInForce(grounds: Grounds, client: Client | null, user: User | null): boolean {
  if (client === null || client.isDisabled) return false;
  if (grounds.authorizedAtMs < client.notBeforeMs) return false;
  if (grounds.subject === null) return true;
  return user?.isActive === true && grounds.authorizedAtMs >= user.notBeforeMs;
}
