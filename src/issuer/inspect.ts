import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { AccountQuery, AccountStore, Accounts } from "../storage/accounts.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { AccessTokenContent } from "../tokens/access-token.ts";
import { isAccessTokenLive } from "../tokens/family.ts";
import { type IdentifiedToken, type IdentifyTools, identify } from "./identify.ts";

/** An access token that is good now, and what it grants. */
export interface ActiveToken extends AccessTokenContent {
  /** Null where there is no subject. */
  readonly username: string | null;
}

/** What inspecting needs. */
export interface InspectTools extends IdentifyTools {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly accounts: AccountStore;
}

/** An access token that is good as far as its family or KV knows. */
export interface TracedToken {
  /** What to look up before the last word. */
  readonly query: AccountQuery;
  /** The last word. @returns null when client, user or an earlier revocation ended the token */
  settle(accounts: Accounts): ActiveToken | null;
}

/** What is known of an access token before its client and user are looked at. */
interface Grounds {
  readonly content: AccessTokenContent;
  /** When the login, or the client's own request, took place. */
  readonly authorizedAtMs: number;
  /** Null for a token of a family, whose object knows of its revocation. */
  readonly nonce: string | null;
}

/**
 * Tells whether an access token is good at this moment, exactly: a revoked family, a rotated-away
 * generation, a deactivated user or client and a changed password show at once.
 *
 * @returns null when it is not; a forged token costs no storage operation
 * @throws Unavailable when storage fails, Refusal `family_busy` when its object is asked too much
 */
export async function inspect(token: string, tools: InspectTools): Promise<ActiveToken | null> {
  const traced = await trace(token, tools);
  if (traced === null) return null;
  return traced.settle(await tools.accounts.find(traced.query));
}

/**
 * The first half of {@link inspect}, for a caller that has look-ups of its own to add to the one
 * round trip to D1.
 */
export async function trace(token: string, tools: InspectTools): Promise<TracedToken | null> {
  const identified = await identify(token, tools);
  const grounds = identified && (await groundsOf(token, identified, tools));
  if (grounds === null) return null;
  const { clientId, subject } = grounds.content;
  return {
    query: {
      clientIds: [clientId],
      userKeys: subject === null ? [] : [{ id: subject }],
      nonces: grounds.nonce === null ? [] : [grounds.nonce],
    },
    settle: (accounts) => settle(grounds, accounts),
  };
}

/** A family's object knows exactly what is live; only an opaque token without one needs KV. */
async function groundsOf(
  token: string,
  { reference, content: ownContent }: IdentifiedToken,
  { accessTokens, families, clock }: InspectTools,
): Promise<Grounds | null> {
  if (reference.kind === "single") {
    const content = ownContent ?? (await accessTokens.get(token));
    if (content === null || clock() >= content.expiresAtMs) return null;
    return { content, authorizedAtMs: content.issuedAtMs, nonce: reference.nonce };
  }
  const family = await families.inspect(reference.familyId);
  if (family === null || !isAccessTokenLive(family, reference.generation, clock())) return null;
  const { clientId, subject, createdAtMs: authorizedAtMs, live } = family;
  const { scope, audience, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs } = live;
  const content = { clientId, subject, scope, audience, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs, nonce: null };
}

function settle(
  { content, authorizedAtMs, nonce }: Grounds,
  accounts: Accounts,
): ActiveToken | null {
  const { clientId, subject } = content;
  const client = accounts.client(clientId);
  if (client === null || client.isDisabled || authorizedAtMs < client.notBeforeMs) return null;
  if (nonce !== null && accounts.isRevoked(nonce)) return null;
  if (subject === null) return { ...content, claims: client.claims, username: null };
  const user = accounts.user({ id: subject });
  if (!user?.isActive || authorizedAtMs < user.notBeforeMs) return null;
  return { ...content, claims: { ...client.claims, ...user.claims }, username: user.username };
}
