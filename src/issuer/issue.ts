import { toHex } from "../crypto/bytes.ts";
import { formatScope } from "../protocol/scope.ts";
import { toSession } from "../storage/sessions.ts";
import { type AccessTokenContent, digestOwner, NONCE_BYTES } from "../tokens/access-token.ts";
import type { Authorization } from "../tokens/authorization.ts";
import { begin } from "../tokens/family.ts";
import type { LoginFacts } from "../tokens/refresh-token.ts";
import { mintIdToken } from "./id-token.ts";
import {
  type IssueDeps,
  type IssuedTokens,
  listSession,
  mintAccessToken,
  mintPair,
  policyFor,
  store,
  toIssued,
} from "./mint.ts";
import { redeem } from "./redeem.ts";
import { rotate } from "./rotate.ts";

/**
 * Issues tokens, and consumes the refresh token or code that they come from. Nothing outside of
 * this folder makes a token.
 *
 * @throws Refusal when what it consumes is not valid, and `family_busy` when a family is called too
 *   often
 * @throws Unavailable when storage fails
 */
export async function issue(authorization: Authorization, deps: IssueDeps): Promise<IssuedTokens> {
  const { refresh } = authorization;
  switch (refresh.kind) {
    case "none":
      return issueSingle(authorization, deps);
    case "new":
      return issueNewFamily(authorization, refresh.login, deps);
    case "code":
      return redeem(authorization, refresh, deps);
    case "rotated":
    case "imported":
      return rotate(authorization, refresh, deps);
  }
}

/** Makes an access token without a family. */
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
async function issueNewFamily(
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
