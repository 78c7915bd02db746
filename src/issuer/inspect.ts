import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { AccountQuery, Accounts } from "../storage/accounts.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { AccessTokenContent, AccessTokenReference } from "../tokens/access-token.ts";
import { isAccessTokenLive } from "../tokens/family.ts";
import type { ImportedToken } from "../tokens/imported-token.ts";
import { type IdentifiedToken, type IdentifyTools, identify } from "./identify.ts";
import { type ImportedTools, importedCandidate } from "./imported.ts";

/** An access token that is good now, and what it grants. */
export interface ActiveToken extends AccessTokenContent {
  /** Null where there is no subject. */
  readonly username: string | null;
}

/** What inspecting needs. */
export interface InspectTools extends IdentifyTools, ImportedTools {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  /** Lifetime of access tokens of clients that set none of their own. */
  readonly accessTokenSeconds: number;
}

/** An access token that is good as far as is known without D1. */
export interface TracedToken {
  /** What to look up before the last word. */
  readonly query: Partial<AccountQuery>;
  /**
   * The last word.
   *
   * @returns null when its family, client, user or an earlier revocation ended the token
   * @throws Unavailable, Refusal `family_busy`: a family may be asked beside the query
   */
  settle(accounts: Accounts): Promise<ActiveToken | null>;
}

type FamilyReference = Extract<AccessTokenReference, { readonly kind: "family" }>;

/** What is known of an access token before its client and user are looked at. */
interface Grounds {
  readonly content: AccessTokenContent;
  /** When the login, or the client's own request, took place. */
  readonly authorizedAtMs: number;
  /** Null for a token of a family, whose object knows of its revocation. */
  readonly nonce: string | null;
  /** Null for a token without a family of ours. */
  readonly familyId: string | null;
  /**
   * Of a JWT of version 0.1, whose `jti` is bound to nothing: when it was issued by that. It is
   * accepted for the lifetime of its client's tokens after that, so that none that was made before
   * an upgrade dies early, and a stolen signing key cannot give an old `jti` a longer life.
   */
  readonly unboundSinceMs?: number;
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
  if (identified === null) return traceImported(token, tools);
  const { reference, content } = identified;
  if (reference.kind === "family" && content !== null) {
    return traceBeside(content, reference, tools);
  }
  const grounds = await groundsOf(token, identified, tools);
  if (grounds === null) return null;
  const { nonce, familyId } = grounds;
  return {
    query: queryFor(grounds.content, nonce, familyId),
    settle: async (accounts) => settle(grounds, accounts, tools),
  };
}

/** A JWT says whose it is, so that its family is asked beside the query. */
function traceBeside(
  content: AccessTokenContent,
  reference: FamilyReference,
  tools: InspectTools,
): TracedToken {
  const asked = familyGrounds(reference, tools);
  // Whoever is refused before the last word leaves it unread.
  asked.catch(() => undefined);
  return {
    query: queryFor(content, null, reference.familyId),
    async settle(accounts) {
      const grounds = await asked;
      return grounds && settle(grounds, accounts, tools);
    },
  };
}

function queryFor(
  { clientId, subject: userId }: AccessTokenContent,
  nonce: string | null,
  familyId: string | null,
): Partial<AccountQuery> {
  return {
    clientIds: [clientId],
    userKeys: userId === null ? [] : [{ id: userId }],
    nonces: nonce === null ? [] : [nonce],
    sessions: familyId === null || userId === null ? [] : [{ userId, familyId }],
  };
}

/** D1 alone knows a token of another server, and whose it is. */
async function traceImported(token: string, tools: InspectTools): Promise<TracedToken | null> {
  const candidate = await importedCandidate(token, tools);
  return (
    candidate && {
      query: candidate.query,
      settle: async (accounts) => {
        const imported = candidate.settle(accounts);
        const grounds = imported && importedGrounds(imported);
        return grounds && settle(grounds, accounts, tools);
      },
    }
  );
}

function importedGrounds(imported: ImportedToken): Grounds | null {
  if (imported.kind === "refresh") return null;
  const { clientId, userId: subject, scope, issuedAtMs, expiresAtMs, importedAtMs } = imported;
  const content = { clientId, subject, scope, audience: null, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs: importedAtMs, nonce: null, familyId: null };
}

/** A family's object knows exactly what is live; only an opaque token without one needs KV. */
async function groundsOf(
  token: string,
  { reference, content: ownContent, isBound }: IdentifiedToken,
  tools: InspectTools,
): Promise<Grounds | null> {
  if (reference.kind === "family") return familyGrounds(reference, tools);
  const content = ownContent ?? (await tools.accessTokens.get(token));
  if (content === null || tools.clock() >= content.expiresAtMs) return null;
  const { authorizedAtMs, nonce } = reference;
  const grounds = { content, authorizedAtMs, nonce, familyId: null };
  return isBound ? grounds : { ...grounds, unboundSinceMs: authorizedAtMs };
}

async function familyGrounds(
  reference: FamilyReference,
  { families, clock }: InspectTools,
): Promise<Grounds | null> {
  const family = await families.inspect(reference.familyId);
  if (family === null || !isAccessTokenLive(family, reference.generation, clock())) return null;
  const { clientId, subject, createdAtMs: authorizedAtMs, live } = family;
  const { scope, audience, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs } = live;
  const content = { clientId, subject, scope, audience, claims: {}, issuedAtMs, expiresAtMs };
  return { content, authorizedAtMs, nonce: null, familyId: reference.familyId };
}

function settle(
  { content, authorizedAtMs, nonce, familyId, unboundSinceMs }: Grounds,
  accounts: Accounts,
  { accessTokenSeconds, clock }: InspectTools,
): ActiveToken | null {
  const { clientId, subject } = content;
  const client = accounts.client(clientId);
  if (client === null || client.isDisabled || authorizedAtMs < client.notBeforeMs) return null;
  const lifetimeMs = (client.accessTokenTtlSeconds ?? accessTokenSeconds) * 1000;
  if (unboundSinceMs !== undefined && clock() >= unboundSinceMs + lifetimeMs) return null;
  if (nonce !== null && accounts.isRevoked(nonce)) return null;
  if (familyId !== null && accounts.isSessionEnded(familyId)) return null;
  if (subject === null) return { ...content, claims: client.claims, username: null };
  const user = accounts.user({ id: subject });
  if (!user?.isActive || authorizedAtMs < user.notBeforeMs) return null;
  return { ...content, claims: { ...client.claims, ...user.claims }, username: user.username };
}
