import {
  begin,
  type FamilyPolicy,
  type FamilyState,
  type RotationStep,
  rotate,
} from "../../src/tokens/family.ts";

/** The service's defaults. */
export const REJECT: FamilyPolicy = {
  accessTokenMs: 3_600_000,
  idleMs: 30 * 86_400_000,
  absoluteMs: 90 * 86_400_000,
  retry: "reject",
  retryWindowMs: 10_000,
};
export const SAME_SUCCESSOR: FamilyPolicy = { ...REJECT, retry: "same-successor" };
export const BOTH_MODES: readonly FamilyPolicy[] = [REJECT, SAME_SUCCESSOR];

/** When the families of {@link usedFamily} begin. */
export const BIRTH_MS = 1_800_000_000_000;

/** A caller presents a token: of which generation, so long after the login, in which attempt. */
export type Use = readonly [generation: number, afterMs: number, attemptId?: string];

/** Generation 1 since 1,000 ms after the login, made by attempt "a". */
export const ROTATED: readonly Use[] = [[0, 1000, "a"]];

/** What comes of one use. */
export function use(state: FamilyState | null, one: Use, policy = REJECT): RotationStep {
  const [generation, afterMs, attemptId = "b"] = one;
  const rotation = { generation, keyId: "key", scope: "read", audience: null, attemptId };
  return rotate(state, rotation, BIRTH_MS + afterMs, policy);
}

/** A family after these uses. */
export function usedFamily(uses: readonly Use[], policy = REJECT): FamilyState {
  const names = { clientId: "client", subject: "user", keyId: "key" };
  const login = { ...names, scope: "read write", audience: null };
  let state = begin(login, BIRTH_MS, policy);
  for (const one of uses) state = use(state, one, policy).state ?? state;
  return state;
}

/** An outcome in a word. */
export function wordFor({ outcome }: RotationStep): string {
  return outcome.kind === "refused" ? outcome.refusal : outcome.kind;
}
