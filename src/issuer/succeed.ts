import { Refusal, type RefusalReason } from "../protocol/refusal.ts";
import { formatScope } from "../protocol/scope.ts";
import { audit } from "../telemetry/audit.ts";
import type { AuditEvent } from "../telemetry/audit-event.ts";
import type { Authorization, Continuation } from "../tokens/authorization.ts";
import {
  type Adoption,
  type FamilyPolicy,
  type Generation,
  type RevocationReason,
  type RotationOutcome,
  type RotationRefusal,
  successorOf,
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
import { mintPair } from "./mint.ts";
import { noteSession } from "./note-session.ts";

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
 * Makes what follows a refresh token, and consumes it. The pair is made before the rotation, so
 * that nothing is consumed for a token that cannot be made; then the access token is written.
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
  const policy = policyFor(lifetimes, tools);
  const { predecessor, adoption } = begun(succession, tools);
  const { familyId, generation } = predecessor;
  const keyId = tools.refreshTokenRing.sealing.id;
  const { attemptId } = succession;
  const origin = await tools.digestOrigin(familyId, context.address);
  const rotation = { generation, keyId, scope: formatScope(scope), audience, attemptId, origin };
  const family = { ...predecessor, originalScope: predecessor.scope };
  const next = successorOf(predecessor, rotation, nowMs, policy);
  const minted = await mintPair(family, next, claims, form, tools);
  const outcome = await tools.families.rotate(familyId, rotation, nowMs, policy, adoption);
  noteReplay(predecessor, outcome);
  if (outcome.kind === "refused") {
    const { refusal, ended } = outcome;
    if (ended !== null) noteEnd(predecessor, ended, outcome, tools);
    throw new Refusal(REFUSAL_REASONS[refusal]);
  }
  // Another request, or an earlier call of this one, may have made the successor.
  const pair = isSameGeneration(outcome.successor, next)
    ? minted
    : await mintPair(family, outcome.successor, claims, form, tools);
  await store(pair, nowMs, tools);
  noteRefresh(succession, predecessor, { label: context.label, nowMs, policy }, tools);
  return toIssued(pair, pair.refreshToken, nowMs);
}

/** Whether both have the same tokens. */
function isSameGeneration(one: Generation, other: Generation): boolean {
  return (Object.keys(one) as (keyof Generation)[]).every((name) => one[name] === other[name]);
}

function begun(
  succession: Succession,
  tools: IssueTools,
): { predecessor: RefreshToken; adoption?: Adoption } {
  if (succession.kind === "rotation") return succession;
  return adopt(succession.imported, tools.families);
}

/** A token that was just consumed was presented again: a lost answer, a race or theft. */
function noteReplay(
  { familyId, clientId, subject: userId }: RefreshToken,
  outcome: RotationOutcome,
): void {
  const reason = outcome.kind === "refused" ? outcome.refusal : outcome.kind;
  if (reason !== "repeated" && reason !== "raced") return;
  const origin = originOf(outcome);
  audit({ action: "refresh_token_replayed", clientId, userId, familyId, reason, ...origin });
}

function originOf({ isSameOrigin }: RotationOutcome): Pick<AuditEvent, "isSameOrigin"> {
  return isSameOrigin === undefined ? {} : { isSameOrigin };
}

function noteEnd(
  { familyId, clientId, subject: userId }: RefreshToken,
  ended: Generation,
  outcome: Extract<RotationOutcome, { kind: "refused" }>,
  tools: IssueTools,
): void {
  const reason = REVOCATIONS[outcome.refusal] ?? outcome.refusal;
  const origin = originOf(outcome);
  audit({ action: "family_revoked", clientId, userId, familyId, reason, ...origin });
  tools.defer(forgetFamily({ familyId, subject: userId, live: ended }, tools));
}

function noteRefresh(
  succession: Succession,
  predecessor: RefreshToken,
  { label, nowMs, policy }: { label: string; nowMs: number; policy: FamilyPolicy },
  tools: IssueTools,
): void {
  const { defer, importedTokens } = tools;
  const isAdoption = succession.kind === "adoption";
  if (isAdoption && importedTokens) defer(importedTokens.consume(succession.imported.hash));
  if (!isAdoption && !isNoteDue(predecessor, nowMs, policy)) return;
  const { familyId, clientId, subject: userId, createdAtMs } = predecessor;
  const neededUntilMs = sessionNeededUntilMs(createdAtMs, nowMs, policy);
  const session = { userId, familyId, clientId, label, createdAtMs, neededUntilMs };
  defer(noteSession({ ...session, lastRefreshedAtMs: nowMs }, tools));
}
