import type { DigestOrigin } from "../crypto/origin-digest.ts";
import type { Random } from "../crypto/random.ts";
import type { Scope } from "../protocol/scope.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import type { Lifetimes } from "../tokens/authorization.ts";
import type { FamilyPolicy } from "../tokens/family.ts";
import type { Session } from "../tokens/session.ts";
import { type MintDeps, type MintedAccessToken, scopeOf } from "./mint.ts";
import { type EndFamilyDeps, endFamily } from "./revoke.ts";

/** The tokens of a response. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null: the client has none. */
  readonly refreshToken: string | null;
}

/** What issuing needs. */
export interface IssueDeps extends MintDeps, EndFamilyDeps {
  /** Null: tokens of another server are not accepted. */
  readonly importedTokens: ImportedTokenStore | null;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  readonly digestOrigin: DigestOrigin;
  readonly random: Random;
}

/** The policy of a family with these lifetimes. */
export function policyFor(lifetimes: Lifetimes, deps: IssueDeps): FamilyPolicy {
  return {
    accessTokenMs: lifetimes.accessTokenSeconds * 1000,
    idleMs: lifetimes.refreshIdleSeconds * 1000,
    absoluteMs: lifetimes.refreshAbsoluteSeconds * 1000,
    retry: deps.refreshRetry,
    retryWindowMs: deps.refreshRetryWindowSeconds * 1000,
  };
}

/** Writes an opaque access token to KV. A JWT contains its content. */
export async function store(
  { accessToken, content, format }: MintedAccessToken,
  nowMs: number,
  { accessTokens }: IssueDeps,
): Promise<void> {
  if (format === "opaque") await accessTokens.put(accessToken, content, nowMs);
}

/** The part of minted tokens that the client receives. */
export function toIssued(
  minted: MintedAccessToken,
  refreshToken: string | null,
  nowMs: number,
): IssuedTokens {
  // Zero when a retry comes after the access token of the first response has expired.
  const secondsLeft = Math.floor((minted.content.expiresAtMs - nowMs) / 1000);
  return {
    accessToken: minted.accessToken,
    expiresInSeconds: Math.max(0, secondsLeft),
    scope: scopeOf(minted),
    refreshToken,
  };
}

/**
 * Adds a login to the list of sessions, after the response. If the user has too many, the least
 * recently refreshed one ends.
 *
 * @throws Unavailable
 */
export async function listSession(session: Session, deps: EndFamilyDeps): Promise<void> {
  const displaced = await deps.sessions.upsert(session);
  if (displaced === null) return;
  await endFamily(displaced.familyId, displaced.clientId, "too_many_sessions", deps);
}
