import type { Random } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import type { SigningKeys } from "../crypto/signing-keys.ts";
import { JWT_LENGTH_MAX } from "../crypto/strict-jwt.ts";
import { Refusal, Unavailable } from "../errors/refusal.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import type { Session } from "../storage/sessions.ts";
import {
  type AccessTokenContent,
  type AccessTokenReference,
  generationContent,
  sealAccessToken,
} from "../tokens/access-token.ts";
import type { Authorization, Lifetimes } from "../tokens/authorization.ts";
import type { FamilyPolicy, FamilyState, Generation } from "../tokens/family.ts";
import { claimsDigest, JWT_TYPE, jwtClaims, sealTokenId } from "../tokens/jwt-access-token.ts";
import { type LoginFacts, type RefreshToken, sealRefreshToken } from "../tokens/refresh-token.ts";
import { mintIdToken } from "./id-token.ts";
import { type EndFamilyDeps, endFamily } from "./revoke.ts";

/** Keys that seal and sign tokens. All rings are derived from the same keys. */
export interface MintDeps {
  readonly accessTokenRing: KeyRing;
  readonly refreshTokenRing: KeyRing;
  readonly tokenIdRing: KeyRing;
  /** Null: no client can have JWTs. */
  readonly signingKeys: SigningKeys | null;
}

/** An access token and what it grants. */
export interface MintedAccessToken {
  readonly accessToken: string;
  readonly content: AccessTokenContent;
  readonly format: AccessTokenFormat;
}

/** The tokens of one generation of a family. */
export interface MintedPair extends MintedAccessToken {
  readonly refreshToken: string;
  /** Null: the scope does not ask for one. */
  readonly idToken: string | null;
}

/** Format and issuer of the access tokens of a request. */
type AccessTokenForm = Pick<Authorization, "accessTokenFormat" | "issuerUrl">;

/** What the tokens of a request have in common, whatever their generation. */
export type PairForm = AccessTokenForm & Pick<Authorization, "claims" | "idToken">;

/** The form of one access token. */
interface SealedForm extends AccessTokenForm {
  /** See {@link Generation}. */
  readonly sealsContent?: true;
}

/** What all refresh tokens of a family have in common. */
export type FamilyFacts = Pick<FamilyState, "clientId" | "subject" | "createdAtMs"> & {
  readonly familyId: string;
  /** What was granted at login. */
  readonly originalScope: Scope;
  readonly login: LoginFacts;
};

/**
 * Makes the tokens of a generation. Deterministic, except that ES256 signatures of a JWT differ.
 * What is issued for a generation again says the same.
 *
 * @throws Refusal when the key of the generation has retired, so that they cannot be made again
 */
export async function mintPair(
  family: FamilyFacts,
  live: Generation,
  form: PairForm,
  deps: MintDeps,
): Promise<MintedPair> {
  const refreshKey = deps.refreshTokenRing.keys.get(live.keyId);
  if (refreshKey === undefined) throw new Refusal("refresh_token_ended");
  const { familyId, clientId, subject, createdAtMs, originalScope, login } = family;
  const { generation, issuedAtMs, sealsContent } = live;
  const own = { claims: form.claims, claimNames: login.claimNames ?? undefined };
  const content = { ...generationContent(family, live), ...own };
  const refreshToken: RefreshToken = {
    familyId,
    generation,
    clientId,
    subject,
    scope: originalScope,
    ...login,
    createdAtMs,
    issuedAtMs,
  };
  const reference: AccessTokenReference = { kind: "family", familyId, generation };
  const [minted, sealedRefresh] = await Promise.all([
    mintAccessToken(
      reference,
      live.keyId,
      content,
      sealsContent === true ? { ...form, sealsContent } : form,
      deps,
    ),
    sealRefreshToken(refreshKey, refreshToken),
  ]);
  const { sessionId, authenticatedAtMs } = login;
  const described = { ...form, clientId, subject, sessionId, authenticatedAtMs, issuedAtMs };
  const idToken =
    form.idToken && (await mintIdToken(form.idToken, described, minted.accessToken, deps));
  return { ...minted, refreshToken: sealedRefresh, idToken };
}

/**
 * Makes an access token.
 *
 * @param keyId of the ring key that seals it, or its `jti`
 * @throws Refusal when that key has retired
 * @throws Unavailable when the client uses JWTs and this one cannot be made
 */
export async function mintAccessToken(
  reference: AccessTokenReference,
  keyId: string,
  content: AccessTokenContent,
  { accessTokenFormat: format, issuerUrl, sealsContent }: SealedForm,
  deps: MintDeps,
): Promise<MintedAccessToken> {
  const ring = format === "opaque" ? deps.accessTokenRing : deps.tokenIdRing;
  const key = ring.keys.get(keyId);
  if (key === undefined) throw new Refusal("refresh_token_ended");
  if (format === "opaque") {
    const token = { reference, content: sealsContent === true ? content : null };
    return { accessToken: await sealAccessToken(key, token), content, format };
  }
  const { signingKeys } = deps;
  if (signingKeys === null) throw new Unavailable("sign", "SIGNING_KEYS is missing");
  const claims = jwtClaims(content, issuerUrl);
  const jti = await sealTokenId(key, reference, await claimsDigest(claims));
  const accessToken = await signingKeys.sign({ ...claims, jti }, JWT_TYPE);
  if (accessToken.length > JWT_LENGTH_MAX) throw new Unavailable("sign", TOO_LONG);
  return { accessToken, content, format };
}

/** A token that is too long for this service to read could not be revoked. */
const TOO_LONG = `the JWT is longer than ${JWT_LENGTH_MAX}: shorten its claims, scope or audience`;

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
    scope: parseScope(minted.content.scope) ?? [],
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
