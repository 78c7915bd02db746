import { toHex } from "../crypto/bytes.ts";
import { formatScope } from "../protocol/scope.ts";
import { type AccessTokenContent, digestOwner, NONCE_BYTES } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import { begin } from "../tokens/family.ts";
import type { LoginFacts } from "../tokens/refresh-token.ts";
import { sessionNeededUntilMs } from "../tokens/session.ts";
import {
  type IssueDeps,
  type IssuedTokens,
  listSession,
  policyFor,
  store,
  toIssued,
} from "./issued-tokens.ts";
import { mintAccessToken, mintPair } from "./mint.ts";
import { rotate } from "./rotate.ts";

/**
 * Makes the tokens of an authorization, which are stored before they are returned.
 *
 * @throws Refusal when the refresh token to rotate is consumed, expired or revoked
 * @throws Unavailable when storage fails; the same request can then be retried
 */
export function issue(authorization: Authorization, deps: IssueDeps): Promise<IssuedTokens> {
  const { refresh } = authorization;
  switch (refresh.kind) {
    case "none":
      return issueSingle(authorization, deps);
    case "new":
      return issueNewFamily(authorization, refresh.login, deps);
    case "rotated":
    case "imported":
      return rotate(authorization, refresh, deps);
  }
}

async function issueSingle(authorization: Authorization, deps: IssueDeps): Promise<IssuedTokens> {
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
  const minted = await mintAccessToken(reference, keyId, content, authorization, deps);
  await store(minted, nowMs, deps);
  return toIssued(minted, null, nowMs);
}

async function issueNewFamily(
  authorization: Authorization,
  login: LoginFacts,
  deps: IssueDeps,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience, claims, lifetimes, label } = authorization;
  const { authorizedAtMs: nowMs } = authorization;
  if (subject === null) throw new TypeError("a refresh family needs a user");
  const policy = policyFor(lifetimes, deps);
  const keyId = deps.refreshTokenRing.sealing.id;
  const first = { clientId, subject, keyId, scope: formatScope(scope), audience };
  const state = begin(first, nowMs, policy);
  const familyId = deps.families.newId();
  const family = { ...state, familyId, originalScope: scope, login };
  const pair = await mintPair(family, state.live, claims, authorization, deps);
  // In parallel: if one fails, no client receives a token of the other, and both expire.
  await Promise.all([deps.families.start(familyId, state, policy), store(pair, nowMs, deps)]);
  const instants = { createdAtMs: nowMs, lastRefreshedAtMs: nowMs };
  const neededUntilMs = sessionNeededUntilMs(nowMs, nowMs, policy);
  const { sessionId } = login;
  const ids = { userId: subject, familyId, sessionId, clientId };
  const session = { ...ids, label, ...instants, neededUntilMs };
  deps.defer(listSession(session, deps));
  return toIssued(pair, pair.refreshToken, nowMs);
}
