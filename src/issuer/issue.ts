import { toHex } from "../crypto/bytes.ts";
import { formatScope } from "../protocol/scope.ts";
import { type AccessTokenContent, NONCE_BYTES, ownerOf } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import { begin } from "../tokens/family.ts";
import { sessionNeededUntilMs } from "../tokens/session.ts";
import {
  formOf,
  type IssueContext,
  type IssuedTokens,
  type IssueTools,
  policyFor,
  store,
  toIssued,
} from "./issued.ts";
import { mintAccessToken, mintPair } from "./mint.ts";
import { noteSession } from "./note-session.ts";
import { issueSuccessor } from "./succeed.ts";

/**
 * Turns what a grant decided into tokens, written down before they are returned.
 *
 * @throws Refusal when the refresh token to rotate is consumed, expired or revoked
 * @throws Unavailable when storage fails; what was consumed then can be asked for again
 */
export function issue(
  authorization: Authorization,
  context: IssueContext,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { continuation } = authorization;
  switch (continuation.kind) {
    case "none":
      return issueSingle(authorization, context, tools);
    case "new_family":
      return issueNewFamily(authorization, continuation.resource, context, tools);
    case "rotation":
    case "adoption":
      return issueSuccessor(authorization, continuation, context, tools);
  }
}

async function issueSingle(
  authorization: Authorization,
  context: IssueContext,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience, claims, lifetimes } = authorization;
  const { authorizedAtMs: nowMs } = context;
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
    nonce: toHex(tools.random(NONCE_BYTES)),
    owner: await ownerOf(clientId),
    authorizedAtMs: nowMs,
  } as const;
  const keyId = tools.accessTokenRing.sealing.id;
  const form = formOf(authorization, context);
  const minted = await mintAccessToken(reference, keyId, content, form, tools);
  await store(minted, nowMs, tools);
  return toIssued(minted, null, nowMs);
}

async function issueNewFamily(
  authorization: Authorization,
  resource: string | null,
  context: IssueContext,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience, claims, lifetimes } = authorization;
  const { authorizedAtMs: nowMs, label } = context;
  if (subject === null) throw new TypeError("a refresh family needs a user");
  const policy = policyFor(lifetimes, tools);
  const keyId = tools.refreshTokenRing.sealing.id;
  const login = { clientId, subject, keyId, scope: formatScope(scope), audience };
  const state = begin(login, nowMs, policy);
  const familyId = tools.families.newId();
  const family = { ...state, familyId, originalScope: scope, resource };
  const pair = await mintPair(family, state.live, claims, formOf(authorization, context), tools);
  // Side by side: if one fails nobody ever sees a token of the other, and both clean up.
  await Promise.all([tools.families.start(familyId, state, policy), store(pair, nowMs, tools)]);
  const instants = { createdAtMs: nowMs, lastRefreshedAtMs: nowMs };
  const neededUntilMs = sessionNeededUntilMs(nowMs, nowMs, policy);
  const session = { userId: subject, familyId, clientId, label, ...instants, neededUntilMs };
  tools.defer(noteSession(session, tools));
  return toIssued(pair, pair.refreshToken, nowMs);
}
