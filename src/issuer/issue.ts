import type { Random } from "../crypto/bytes.ts";
import { toHex } from "../crypto/bytes.ts";
import { formatScope, type Scope } from "../protocol/scope.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import { type AccessTokenContent, digestOwner, NONCE_BYTES } from "../tokens/access-token.ts";
import type { Authorization, Lifetimes } from "../tokens/authorization.ts";
import { begin, type FamilyPolicy } from "../tokens/family.ts";
import type { LoginFacts } from "../tokens/refresh-token.ts";
import { type Session, toSession } from "../tokens/session.ts";
import { mintIdToken } from "./id-token.ts";
import {
  type MintDeps,
  type MintedAccessToken,
  mintAccessToken,
  mintPair,
  scopeOf,
} from "./mint.ts";
import { type EndFamilyDeps, endFamily } from "./revoke.ts";

/** Makes an access token without a family. */
export async function issueSingle(
  authorization: Authorization,
  deps: IssueDeps,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience, claims, lifetimes } = authorization;
  const { authorizedAtMs: nowMs } = authorization;
  const content: AccessTokenContent = {
    clientId,
    subject,
    scope: formatScope(scope),
    audience,
    claims,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + lifetimes.accessTokenSeconds * 1000,
  };
  const reference = {
    kind: "single",
    nonce: toHex(deps.random(NONCE_BYTES)),
    owner: await digestOwner(clientId),
    authorizedAtMs: nowMs,
  } as const;
  const keyId = deps.accessTokenRing.sealing.id;
  const form = { ...authorization, sealsContent: true } as const;
  const minted = await mintAccessToken(reference, keyId, content, form, deps);
  const { issuerUrl, idToken: terms } = authorization;
  const login = {
    issuerUrl,
    clientId,
    sessionId: null,
    authenticatedAtMs: null,
    issuedAtMs: nowMs,
  };
  const idToken =
    subject && terms && (await mintIdToken(terms, { ...login, subject }, minted.accessToken, deps));
  store(minted, nowMs, deps);
  return toIssued({ ...minted, refreshToken: null, idToken }, nowMs);
}

/** Makes the first tokens of a family, which begins before they are returned. */
export async function issueNewFamily(
  authorization: Authorization,
  login: LoginFacts,
  deps: IssueDeps,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience, lifetimes } = authorization;
  const { authorizedAtMs: nowMs } = authorization;
  if (subject === null) throw new TypeError("a refresh family needs a user");
  const policy = policyFor(lifetimes, deps);
  const keyId = deps.refreshTokenRing.sealing.id;
  const terms = { keyId, scope: formatScope(scope), audience, sealsContent: true } as const;
  const first = { clientId, subject, ...terms };
  const state = begin(first, nowMs, policy);
  const familyId = deps.families.newId();
  const family = { ...state, familyId, originalScope: scope, login };
  const pair = await mintPair(family, state.live, authorization, deps);
  await deps.families.start(familyId, state, policy);
  store(pair, nowMs, deps);
  const { sessionId } = login;
  const listed = { subject, familyId, sessionId, clientId, scope, createdAtMs: nowMs };
  deps.defer(listSession(toSession(listed, authorization, nowMs, policy), deps));
  return toIssued(pair, nowMs);
}

/** The tokens of a response. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null: the client has none. */
  readonly refreshToken: string | null;
  /** Null: `openid` is not granted. */
  readonly idToken: string | null;
}

/** What issuing needs. */
export interface IssueDeps extends MintDeps, EndFamilyDeps {
  /** Null: tokens of another server are not accepted. */
  readonly importedTokens: ImportedTokenStore | null;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  /** For digests of the networks that requests come from. */
  readonly originKey: CryptoKey;
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

/**
 * Writes an opaque access token to KV after the response, for fast checks; they do not depend on
 * it. A JWT contains its content.
 */
export function store(
  { accessToken, content, format }: MintedAccessToken,
  nowMs: number,
  { accessTokens, defer }: IssueDeps,
): void {
  if (format === "opaque") defer(accessTokens.put(accessToken, content, nowMs));
}

/** The part of minted tokens that the client receives. */
export function toIssued(
  minted: MintedAccessToken & Pick<IssuedTokens, "refreshToken" | "idToken">,
  nowMs: number,
): IssuedTokens {
  // Zero when a retry comes after the access token of the first response has expired.
  const secondsLeft = Math.floor((minted.content.expiresAtMs - nowMs) / 1000);
  return {
    accessToken: minted.accessToken,
    expiresInSeconds: Math.max(0, secondsLeft),
    scope: scopeOf(minted),
    refreshToken: minted.refreshToken,
    idToken: minted.idToken,
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
