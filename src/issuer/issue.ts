import { toHex } from "../crypto/bytes.ts";
import type { Random } from "../crypto/random.ts";
import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { formatScope, type Scope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { FamilyStore } from "../storage/families.ts";
import { NONCE_BYTES, sealAccessToken } from "../tokens/access-token.ts";
import type { Authorization, Continuation, Lifetimes } from "../tokens/authorization.ts";
import { begin, type FamilyPolicy, type RotationRefusal } from "../tokens/family.ts";
import { mintAccessToken, mintPair, type Pair, type TokenRings } from "./mint.ts";

/** What an issue gives to the client. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Seconds until the access token expires. */
  readonly expiresInSeconds: number;
  readonly scope: Scope;
  /** Null where the grant continues without one. */
  readonly refreshToken: string | null;
}

/** What issuing needs. */
export interface IssueTools extends TokenRings {
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

/**
 * Turns what a grant decided into tokens, written down before they are returned.
 *
 * @param authorizedAtMs when the look-up of client and user began, or the last not-before time
 *   that it saw: a password change or a deactivation that it did not see is later, and so ends what
 *   is issued
 * @throws Refusal when the refresh token to rotate is consumed, expired or revoked
 * @throws Unavailable when storage fails; what was consumed then can be asked for again
 */
export function issue(
  authorization: Authorization,
  authorizedAtMs: number,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { continuation } = authorization;
  switch (continuation.kind) {
    case "none":
      return issueSingle(authorization, authorizedAtMs, tools);
    case "new_family":
      return issueNewFamily(authorization, authorizedAtMs, tools);
    case "rotation":
      return issueSuccessor(authorization, continuation, tools);
  }
}

async function issueSingle(
  { clientId, subject, scope, lifetimes }: Authorization,
  nowMs: number,
  { accessTokens, accessTokenRing, random }: IssueTools,
): Promise<IssuedTokens> {
  const nonce = toHex(random(NONCE_BYTES));
  const accessToken = await sealAccessToken(accessTokenRing.sealing, { kind: "single", nonce });
  const expiresInSeconds = lifetimes.accessTokenSeconds;
  const expiresAtMs = nowMs + expiresInSeconds * 1000;
  const record = { clientId, subject, scope: formatScope(scope), issuedAtMs: nowMs, expiresAtMs };
  await accessTokens.put(accessToken, record, nowMs);
  return { accessToken, expiresInSeconds, scope, refreshToken: null };
}

async function issueNewFamily(
  { clientId, subject, scope, lifetimes }: Authorization,
  nowMs: number,
  tools: IssueTools,
): Promise<IssuedTokens> {
  if (subject === null) throw new TypeError("a refresh family needs a user");
  const policy = policyFor(lifetimes, tools);
  const keyId = tools.refreshTokenRing.sealing.id;
  const state = begin({ clientId, subject, keyId, scope: formatScope(scope) }, nowMs, policy);
  const familyId = tools.families.newId();
  const pair = await mintPair(tools, { familyId, originalScope: scope, ...state }, state.live);
  // Side by side: if one fails nobody ever sees a token of the other, and both clean up.
  await Promise.all([
    tools.families.start(familyId, state, policy),
    tools.accessTokens.put(pair.accessToken, pair.record, nowMs),
  ]);
  return toIssued(pair, nowMs);
}

/** Rotates first, then writes the access token, then answers: each step can be asked for again. */
async function issueSuccessor(
  { scope, lifetimes }: Authorization,
  { predecessor, attemptId }: Extract<Continuation, { kind: "rotation" }>,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const nowMs = tools.clock();
  const { familyId, generation } = predecessor;
  const keyId = tools.refreshTokenRing.sealing.id;
  const rotation = { generation, keyId, scope: formatScope(scope), attemptId };
  const policy = policyFor(lifetimes, tools);
  const outcome = await tools.families.rotate(familyId, rotation, nowMs, policy);
  if (outcome.kind === "refused") {
    const { refusal, ended } = outcome;
    if (ended !== null) tools.defer(forgetAccessToken(familyId, ended, tools));
    throw new Refusal(REFUSAL_REASONS[refusal]);
  }
  const family = { ...predecessor, originalScope: predecessor.scope };
  const pair = await mintPair(tools, family, outcome.successor);
  await tools.accessTokens.put(pair.accessToken, pair.record, nowMs);
  return toIssued(pair, nowMs);
}

/** Removes the live access token of a family that was just revoked from KV. */
export async function forgetAccessToken(
  familyId: string,
  live: { readonly generation: number; readonly keyId: string },
  tools: Pick<IssueTools, "accessTokens"> & TokenRings,
): Promise<void> {
  await tools.accessTokens.delete(await mintAccessToken(tools, familyId, live));
}

function toIssued({ accessToken, refreshToken, scope, record }: Pair, nowMs: number): IssuedTokens {
  // Zero when a retry comes after the first answer's access token has expired.
  const secondsLeft = Math.floor((record.expiresAtMs - nowMs) / 1000);
  return { accessToken, refreshToken, scope, expiresInSeconds: Math.max(0, secondsLeft) };
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
