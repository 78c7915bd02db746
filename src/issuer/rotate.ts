import { hmacSha256, toHex, utf8 } from "../crypto/bytes.ts";
import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import { networkOf } from "../protocol/address.ts";
import { formatScope } from "../protocol/scope.ts";
import { isUpdateDue, toSession } from "../storage/sessions.ts";
import type { AuditEvent } from "../telemetry/audit-event.ts";
import { audit } from "../telemetry/request-log.ts";
import type { Authorization, RefreshOutcome } from "../tokens/authorization.ts";
import {
  type Generation,
  type LazyFamily,
  nextGeneration,
  type RevocationReason,
  type RotationOutcome,
  type RotationRefusal,
} from "../tokens/family.ts";
import { loginOf, type RefreshToken } from "../tokens/refresh-token.ts";
import { importedFamily } from "./imported.ts";
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

const REFUSAL_REASONS: Readonly<Record<RotationRefusal, RefusalReason>> = {
  unknown: "family_unknown",
  expired: "family_expired",
  revoked: "family_revoked",
  raced: "family_raced",
  reused: "family_reused",
};

/** The rejections that revoke the family, and the reason. */
const REVOCATIONS: Readonly<Partial<Record<RotationRefusal, RevocationReason>>> = {
  reused: "reuse",
  unknown: "rolled_back",
};

/** Enough digits to distinguish the origins of one family. */
const ORIGIN_DIGITS = 16;

type Rotated = Extract<RefreshOutcome, { kind: "rotated" | "imported" }>;

/**
 * Consumes a refresh token and makes its successor. The pair is made before the rotation, so that
 * nothing is consumed if it cannot be made.
 *
 * @throws Refusal when the refresh token is consumed, expired or revoked
 * @throws Unavailable when storage fails; the same request can then be retried
 */
export async function rotate(
  authorization: Authorization,
  refresh: Rotated,
  deps: IssueDeps,
): Promise<IssuedTokens> {
  const { scope, audience, lifetimes, address } = authorization;
  const nowMs = deps.clock();
  const policy = policyFor(lifetimes, deps);
  const { predecessor, lazyFamily } = resolvePredecessor(refresh, deps);
  const { familyId, generation } = predecessor;
  const keyId = deps.refreshTokenRing.sealing.id;
  const { attemptId } = refresh;
  const origin = await digestOrigin(familyId, address, deps);
  const terms = { keyId, scope: formatScope(scope), audience, sealsContent: true } as const;
  const rotation = { generation, ...terms, attemptId, origin };
  const family = { ...predecessor, originalScope: predecessor.scope, login: loginOf(predecessor) };
  const next = nextGeneration(predecessor, rotation, nowMs, policy);
  const minted = await mintPair(family, next, authorization, deps);
  const outcome = await deps.families.rotate(familyId, rotation, nowMs, policy, lazyFamily);
  auditReplay(predecessor, outcome);
  if (outcome.kind === "refused") {
    const { refusal, ended } = outcome;
    if (ended !== null) recordEnd(predecessor, ended, outcome, deps);
    throw new Refusal(REFUSAL_REASONS[refusal]);
  }
  // Another request, or an earlier call of this one, may have consumed it.
  const pair = isSameGeneration(outcome.successor, next)
    ? minted
    : await mintPair(family, outcome.successor, authorization, deps);
  store(pair, nowMs, deps);
  if (refresh.kind === "imported" && deps.importedTokens !== null) {
    deps.defer(deps.importedTokens.consume(refresh.imported.hash));
  }
  if (refresh.kind === "imported" || isUpdateDue(predecessor, nowMs, policy)) {
    const session = toSession(predecessor, authorization, nowMs, policy);
    deps.defer(listSession(session, deps));
  }
  return toIssued(pair, nowMs);
}

function resolvePredecessor(
  refresh: Rotated,
  { families }: IssueDeps,
): { predecessor: RefreshToken; lazyFamily?: LazyFamily } {
  return refresh.kind === "rotated" ? refresh : importedFamily(refresh.imported, families);
}

/**
 * Digests the network of a request, to compare two uses of a refresh token without storing an
 * address. Digests of different families cannot be compared.
 *
 * @returns undefined if the address is unknown
 */
async function digestOrigin(
  familyId: string,
  address: string | null,
  { originKey }: IssueDeps,
): Promise<string | undefined> {
  if (address === null) return undefined;
  const digest = await hmacSha256(originKey, utf8(`${familyId} ${networkOf(address)}`));
  return toHex(digest).slice(0, ORIGIN_DIGITS);
}

/** Whether both determine the same tokens. */
function isSameGeneration(one: Generation, other: Generation): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof Generation)[];
  return names.every((name) => one[name] === other[name]);
}

/** Audits reuse within the retry window: a lost response, a race, or theft. */
function auditReplay(
  { familyId, clientId, subject: userId }: RefreshToken,
  outcome: RotationOutcome,
): void {
  const reason = outcome.kind === "refused" ? outcome.refusal : outcome.kind;
  if (reason !== "repeated" && reason !== "raced") return;
  const origin = pickOrigin(outcome);
  audit({ action: "refresh_token_replayed", clientId, userId, familyId, reason, ...origin });
}

function pickOrigin({ isSameOrigin }: RotationOutcome): Pick<AuditEvent, "isSameOrigin"> {
  return isSameOrigin === undefined ? {} : { isSameOrigin };
}

function recordEnd(
  { familyId, clientId, subject: userId }: RefreshToken,
  ended: Generation,
  outcome: Extract<RotationOutcome, { kind: "refused" }>,
  deps: IssueDeps,
): void {
  const reason = REVOCATIONS[outcome.refusal] ?? outcome.refusal;
  const origin = pickOrigin(outcome);
  audit({ action: "family_revoked", clientId, userId, familyId, reason, ...origin });
  forgetFamily({ familyId, clientId, subject: userId, live: ended }, deps);
}
