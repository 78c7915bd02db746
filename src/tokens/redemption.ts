/**
 * The exchange of an authorization code begins its family. The family's id is sealed into every
 * code of one authorization request, so that single use needs no storage of its own: the first
 * exchange begins the family, and any other finds it begun.
 */
import {
  begin,
  type FamilyPolicy,
  type FamilyState,
  type Generation,
  type Login,
  revoke,
} from "./family.ts";

/** A valid code, presented by its client. */
export interface Redemption {
  readonly login: Login;
  /** Tells apart the codes of one authorization request. */
  readonly codeDigest: string;
  /** The Worker's own retry, and a client's with the same `Idempotency-Key`, have the same. */
  readonly attemptId: string;
}

/** Why a redemption was rejected. */
export type RedemptionRefusal = "revoked" | "raced" | "reused" | "superseded";

/** The result of a redemption. */
export type RedemptionOutcome =
  /** The family began now, or earlier by the same attempt. */
  | { readonly kind: "begun" | "repeated"; readonly live: Generation }
  /** `ended` is the generation whose tokens were revoked by this reuse. */
  | {
      readonly kind: "refused";
      readonly refusal: RedemptionRefusal;
      readonly ended: Generation | null;
    };

/**
 * Begins a family with a code, at most once.
 *
 * @param state the family, or null if it has not begun
 */
export function redeem(
  state: FamilyState | null,
  { login, codeDigest, attemptId }: Redemption,
  nowMs: number,
  policy: FamilyPolicy,
): { readonly state: FamilyState; readonly outcome: RedemptionOutcome } {
  if (state === null) {
    const begun = begin(login, nowMs, policy);
    const own = { ...begun, attemptId, begunBy: "code", codeDigest } as const;
    return { state: own, outcome: { kind: "begun", live: begun.live } };
  }
  // Not theft: the user went back and approved the same request again.
  if (state.codeDigest !== codeDigest) return refused(state, "superseded");
  if (state.revoked !== null) return refused(state, "revoked");
  if (nowMs - state.createdAtMs > policy.retryWindowMs) {
    const revoked = revoke(state, "code_reuse", nowMs);
    const outcome = { kind: "refused", refusal: "reused", ended: state.live } as const;
    return { state: revoked, outcome };
  }
  const isRepeated = state.live.generation === 0 && state.attemptId === attemptId;
  if (isRepeated) return { state, outcome: { kind: "repeated", live: state.live } };
  return refused(state, "raced");
}

function refused(state: FamilyState, refusal: RedemptionRefusal) {
  return { state, outcome: { kind: "refused", refusal, ended: null } } as const;
}
