import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { formatScope } from "../protocol/scope.ts";
import { audit } from "../telemetry/audit.ts";
import type { Authorization, Continuation } from "../tokens/authorization.ts";
import type {
  Adoption,
  FamilyPolicy,
  Generation,
  RevocationReason,
  RotationRefusal,
} from "../tokens/family.ts";
import type { RefreshToken } from "../tokens/refresh-token.ts";
import { isNoteDue, sessionNeededUntilMs } from "../tokens/session.ts";
import { adopt } from "./adopt.ts";
import { forgetFamily } from "./end.ts";
import {
  formOf,
  type IssueContext,
  type IssuedTokens,
  type IssueTools,
  policyFor,
  store,
  toIssued,
} from "./issued.ts";
import { mintPair, signingKeysOf } from "./mint.ts";

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

type Succession = Extract<Continuation, { kind: "rotation" | "adoption" }>;

/**
 * Consumes a refresh token and makes what follows it. Rotates first, then writes the access token,
 * then answers: each step can be asked for again.
 *
 * @throws Refusal when the refresh token is consumed, expired or revoked
 * @throws Unavailable when storage fails; what was consumed then can be asked for again
 */
export async function issueSuccessor(
  authorization: Authorization,
  succession: Succession,
  context: IssueContext,
  tools: IssueTools,
): Promise<IssuedTokens> {
  const { scope, audience, claims, lifetimes } = authorization;
  const nowMs = tools.clock();
  const form = formOf(authorization, context);
  // A refresh token must not be consumed for an access token that nobody can make.
  if (form.format === "jwt") signingKeysOf(tools);
  const policy = policyFor(lifetimes, tools);
  const { predecessor, adoption } = begun(succession, tools);
  const { familyId, generation } = predecessor;
  const keyId = tools.refreshTokenRing.sealing.id;
  const { attemptId } = succession;
  const rotation = { generation, keyId, scope: formatScope(scope), audience, attemptId };
  const outcome = await tools.families.rotate(familyId, rotation, nowMs, policy, adoption);
  if (outcome.kind === "refused") {
    const { refusal, ended } = outcome;
    if (ended !== null) noteEnd(predecessor, ended, refusal, tools);
    throw new Refusal(REFUSAL_REASONS[refusal]);
  }
  const family = { ...predecessor, originalScope: predecessor.scope };
  const pair = await mintPair(family, outcome.successor, claims, form, tools);
  await store(pair, nowMs, tools);
  noteRefresh(succession, predecessor, { label: context.label, nowMs, policy }, tools);
  return toIssued(pair, pair.refreshToken, nowMs);
}

function begun(
  succession: Succession,
  tools: IssueTools,
): { predecessor: RefreshToken; adoption?: Adoption } {
  if (succession.kind === "rotation") return succession;
  return adopt(succession.imported, tools.families);
}

function noteEnd(
  { familyId, clientId, subject: userId }: RefreshToken,
  ended: Generation,
  refusal: RotationRefusal,
  tools: IssueTools,
): void {
  const reason = REVOCATIONS[refusal] ?? refusal;
  audit({ action: "family_revoked", clientId, userId, familyId, reason });
  tools.defer(forgetFamily({ familyId, subject: userId, live: ended }, tools));
}

function noteRefresh(
  succession: Succession,
  predecessor: RefreshToken,
  { label, nowMs, policy }: { label: string; nowMs: number; policy: FamilyPolicy },
  { defer, sessions, importedTokens }: IssueTools,
): void {
  const isAdoption = succession.kind === "adoption";
  if (isAdoption && importedTokens) defer(importedTokens.consume(succession.imported.hash));
  if (!isAdoption && !isNoteDue(predecessor, nowMs, policy)) return;
  const { familyId, clientId, subject: userId, createdAtMs } = predecessor;
  const neededUntilMs = sessionNeededUntilMs(createdAtMs, nowMs, policy);
  const session = { userId, familyId, clientId, label, createdAtMs, neededUntilMs };
  defer(sessions.note({ ...session, lastRefreshedAtMs: nowMs }));
}
