import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import { formatScope } from "../protocol/scope.ts";
import { toSession } from "../storage/sessions.ts";
import { audit } from "../telemetry/request-log.ts";
import type { Authorization, RefreshOutcome } from "../tokens/authorization.ts";
import { begin, type FamilyPolicy } from "../tokens/family.ts";
import type { RedemptionOutcome, RedemptionRefusal } from "../tokens/redemption.ts";
import { loginOf } from "../tokens/refresh-token.ts";
import {
  type IssueDeps,
  type IssuedTokens,
  listSession,
  mintPair,
  policyFor,
  store,
  toIssued,
} from "./mint.ts";
import { forgetFamily } from "./revoke.ts";

const REFUSAL_REASONS: Readonly<Record<RedemptionRefusal, RefusalReason>> = {
  revoked: "code_ended",
  raced: "code_raced",
  reused: "code_reused",
  superseded: "code_superseded",
};

type Redeemed = Extract<RefreshOutcome, { kind: "code" }>;

/**
 * Exchanges an authorization code for the first tokens of its family. As with a refresh, the tokens
 * are made before the code is consumed.
 *
 * @throws Refusal when the code was exchanged before
 * @throws Unavailable when storage fails; the same request can then be retried
 */
export async function redeem(
  authorization: Authorization,
  { code, attemptId, hasRefreshToken }: Redeemed,
  deps: IssueDeps,
): Promise<IssuedTokens> {
  const { clientId, subject, scope, audience } = authorization;
  const { authorizedAtMs: nowMs } = authorization;
  if (subject === null) throw new TypeError("an authorization code needs a user");
  const policy = policyOf(authorization, hasRefreshToken, deps);
  const { familyId, codeDigest } = code;
  const keyId = deps.refreshTokenRing.sealing.id;
  const terms = { keyId, scope: formatScope(scope), audience, sealsContent: true } as const;
  const first = { clientId, subject, ...terms };
  const login = loginOf({ ...code, keyThumbprint: null });
  const family = (createdAtMs: number) => {
    return { clientId, subject, createdAtMs, familyId, originalScope: code.scope, login };
  };
  const { live: next } = begin(first, nowMs, policy);
  const minted = await mintPair(family(nowMs), next, authorization, deps);
  const outcome = await deps.families.redeem(
    familyId,
    { login: first, codeDigest, attemptId },
    nowMs,
    policy,
    code.requestEndsAtMs,
  );
  if (outcome.kind === "refused") {
    recordReplay(familyId, clientId, subject, outcome, deps);
    throw new Refusal(REFUSAL_REASONS[outcome.refusal]);
  }
  const { live } = outcome;
  // A repeated attempt gets the tokens of the first, which may have begun a moment earlier.
  const pair =
    outcome.kind === "begun"
      ? minted
      : await mintPair(family(live.issuedAtMs), live, authorization, deps);
  store(pair, nowMs, deps);
  const listed = { ...code, clientId, createdAtMs: live.issuedAtMs };
  deps.defer(listSession(toSession(listed, authorization, nowMs, policy), deps));
  return toIssued(hasRefreshToken ? pair : { ...pair, refreshToken: null }, nowMs);
}

/** Without a refresh token the family ends with its access token. */
function policyOf(
  { lifetimes }: Authorization,
  hasRefreshToken: boolean,
  deps: IssueDeps,
): FamilyPolicy {
  const policy = policyFor(lifetimes, deps);
  if (hasRefreshToken) return policy;
  return { ...policy, idleMs: policy.accessTokenMs, absoluteMs: policy.accessTokenMs };
}

function recordReplay(
  familyId: string,
  clientId: string,
  userId: string,
  { refusal, ended }: Extract<RedemptionOutcome, { kind: "refused" }>,
  deps: IssueDeps,
): void {
  const ids = { clientId, userId, familyId };
  if (ended === null) {
    audit({ action: "code_replayed", ...ids, reason: refusal });
    return;
  }
  audit({ action: "family_revoked", ...ids, reason: "code_reuse" });
  forgetFamily({ familyId, clientId, subject: userId, live: ended }, deps);
}
