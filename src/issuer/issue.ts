import { toHex } from "../crypto/bytes.ts";
import type { Random } from "../crypto/random.ts";
import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { formatScope, type Scope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import { audit } from "../telemetry/audit.ts";
import { type AccessTokenContent, NONCE_BYTES, sealAccessToken } from "../tokens/access-token.ts";
import type { Authorization, Continuation, Lifetimes } from "../tokens/authorization.ts";
import {
  begin,
  type FamilyPolicy,
  type Generation,
  type RevocationReason,
  type RotationRefusal,
} from "../tokens/family.ts";
import {
  type AccessTokenForm,
  type MintedAccessToken,
  type MintTools,
  mintAccessToken,
  mintPair,
  scopeOf,
} from "./mint.ts";

/** What an issue gives to the client. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null where the grant continues without one. */
  readonly refreshToken: string | null;
}

/** The request that tokens are issued for. */
export interface IssueContext {
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /**
   * When the look-up of client and user began, or the last not-before time that it saw: a password
   * change or a deactivation that it did not see is later, and so ends what is issued.
   */
  readonly authorizedAtMs: number;
}

/** What issuing needs. */
export interface IssueTools extends MintTools {
  readonly accessTokens: AccessTokenStore;
  readonly families: FamilyStore;
  readonly refreshRetry: FamilyPolicy["retry"];
  readonly refreshRetryWindowSeconds: number;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

const REFUSAL_REASONS: Readonly<Record<RotationRefusal, RefusalReason>> = {
  unknown: "family_unknown",
  expired: "family_expired",
  revoked: "family_revoked",
  raced: "family_raced",
  reused: "family_reused",
};

/** Which refusals revoke the family, and why. */
const REVOCATIONS: Readonly<Partial<Record<RotationRefusal, RevocationReason>>> = {
  reused: "reuse",
  unknown: "rolled_back",
};

/**
 * Turns what a grant decided into tokens, written down before they are returned.
 *
 * @throws Refusal when the refresh token to rotate is consumed, expired or revoked
 * @throws Unavailable when storage fails; what was consumed then can be asked for again
 */
export function issue(
  authorization: Authorization,
  { issuerUrl, authorizedAtMs }: IssueContext,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { continuation, accessTokenFormat } = authorization;
  const form: AccessTokenForm = { format: accessTokenFormat, issuerUrl };
  switch (continuation.kind) {
    case "none":
      return issueSingle(authorization, form, authorizedAtMs, tools);
    case "new_family":
      return issueNewFamily(authorization, form, authorizedAtMs, tools);
    case "rotation":
      return issueSuccessor(authorization, continuation, form, tools);
  }
}

async function issueSingle(
  { clientId, subject, scope, audience, claims, lifetimes }: Authorization,
  form: AccessTokenForm,
  nowMs: number,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const content: AccessTokenContent = {
    clientId,
    subject,
    scope: formatScope(scope),
    audience,
    claims,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + lifetimes.accessTokenSeconds * 1000,
  };
  const nonce = toHex(tools.random(NONCE_BYTES));
  const keyId = tools.accessTokenRing.sealing.id;
  const minted = await mintAccessToken({ kind: "single", nonce }, keyId, content, form, tools);
  await store(minted, nowMs, tools);
  return toIssued(minted, null, nowMs);
}

async function issueNewFamily(
  { clientId, subject, scope, audience, claims, lifetimes }: Authorization,
  form: AccessTokenForm,
  nowMs: number,
  tools: IssueTools,
): Promise<IssuedTokens> {
  if (subject === null) throw new TypeError("a refresh family needs a user");
  const policy = policyFor(lifetimes, tools);
  const keyId = tools.refreshTokenRing.sealing.id;
  const login = { clientId, subject, keyId, scope: formatScope(scope), audience };
  const state = begin(login, nowMs, policy);
  const familyId = tools.families.newId();
  const family = { ...state, familyId, originalScope: scope };
  const pair = await mintPair(family, state.live, claims, form, tools);
  // Side by side: if one fails nobody ever sees a token of the other, and both clean up.
  await Promise.all([tools.families.start(familyId, state, policy), store(pair, nowMs, tools)]);
  return toIssued(pair, pair.refreshToken, nowMs);
}

/** Rotates first, then writes the access token, then answers: each step can be asked for again. */
async function issueSuccessor(
  { scope, audience, claims, lifetimes }: Authorization,
  { predecessor, attemptId }: Extract<Continuation, { kind: "rotation" }>,
  form: AccessTokenForm,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const nowMs = tools.clock();
  const { familyId, generation } = predecessor;
  const keyId = tools.refreshTokenRing.sealing.id;
  const rotation = { generation, keyId, scope: formatScope(scope), audience, attemptId };
  const policy = policyFor(lifetimes, tools);
  const outcome = await tools.families.rotate(familyId, rotation, nowMs, policy);
  if (outcome.kind === "refused") {
    const { refusal, ended } = outcome;
    if (ended !== null) {
      const { clientId, subject: userId } = predecessor;
      const reason = REVOCATIONS[refusal] ?? refusal;
      audit({ action: "family_revoked", clientId, userId, familyId, reason });
      tools.defer(forgetAccessToken(familyId, ended, tools));
    }
    throw new Refusal(REFUSAL_REASONS[refusal]);
  }
  const family = { ...predecessor, originalScope: predecessor.scope };
  const pair = await mintPair(family, outcome.successor, claims, form, tools);
  await store(pair, nowMs, tools);
  return toIssued(pair, pair.refreshToken, nowMs);
}

/** Removes the live access token of a family that was just revoked from KV. */
export async function forgetAccessToken(
  familyId: string,
  { generation, keyId }: Pick<Generation, "generation" | "keyId">,
  { accessTokens, accessTokenRing }: Pick<IssueTools, "accessTokens" | "accessTokenRing">,
): Promise<void> {
  const key = accessTokenRing.find(keyId);
  // Nobody can present a token whose key has retired.
  if (key === undefined) return;
  const reference = { kind: "family", familyId, generation } as const;
  await accessTokens.delete(await sealAccessToken(key, reference));
}

/** A JWT carries its content itself; an opaque token is a reference into KV. */
async function store(
  { accessToken, content, format }: MintedAccessToken,
  nowMs: number,
  { accessTokens }: IssueTools,
): Promise<void> {
  if (format === "opaque") await accessTokens.put(accessToken, content, nowMs);
}

function toIssued(
  minted: MintedAccessToken,
  refreshToken: string | null,
  nowMs: number,
): IssuedTokens {
  // Zero when a retry comes after the first answer's access token has expired.
  const secondsLeft = Math.floor((minted.content.expiresAtMs - nowMs) / 1000);
  return {
    accessToken: minted.accessToken,
    expiresInSeconds: Math.max(0, secondsLeft),
    scope: scopeOf(minted),
    refreshToken,
  };
}

function policyFor(lifetimes: Lifetimes, tools: IssueTools): FamilyPolicy {
  return {
    accessTokenMs: lifetimes.accessTokenSeconds * 1000,
    idleMs: lifetimes.refreshIdleSeconds * 1000,
    absoluteMs: lifetimes.refreshAbsoluteSeconds * 1000,
    retry: tools.refreshRetry,
    retryWindowMs: tools.refreshRetryWindowSeconds * 1000,
  };
}
