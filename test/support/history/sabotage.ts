import type { FamilyState, RotationOutcome } from "../../../src/tokens/family.ts";
import type { Intercept } from "../interception.ts";

/** A way to break the service, which a history must notice. */
interface Sabotage {
  readonly title: string;
  readonly intercept: Intercept;
}

let made = 0;

/** Defects at the edge of the family's object, where a real one would show. */
export const SABOTAGES: readonly Sabotage[] = [
  {
    title: "a family that makes another successor each time",
    intercept: onResult<RotationOutcome>("family.rotate", (outcome) => {
      if (outcome.kind === "refused") return outcome;
      const { successor } = outcome;
      made += 1;
      const issuedAtMs = successor.issuedAtMs + made;
      return { ...outcome, successor: { ...successor, issuedAtMs } };
    }),
  },
  {
    title: "a family that takes each attempt for another",
    intercept(operation, proceed, [rotation]) {
      if (operation === "family.rotate") {
        Object.assign(rotation as object, { attemptId: crypto.randomUUID() });
      }
      return proceed();
    },
  },
  {
    title: "a family that takes each exchange for the first",
    intercept(operation, proceed, [redemption]) {
      if (operation === "family.redeem") {
        Object.assign(redemption as object, { attemptId: "the first" });
      }
      return proceed();
    },
  },
  {
    title: "a family that does not mind the reuse of its code",
    intercept(operation, proceed, [, , policy]) {
      if (operation === "family.redeem") {
        Object.assign(policy as object, { retryWindowMs: Number.MAX_SAFE_INTEGER });
      }
      return proceed();
    },
  },
  {
    title: "a family that remembers what it was",
    intercept: onResult<FamilyState | null>("family.inspect", (state) => {
      if (state === null) return null;
      const { live } = state;
      return { ...state, live: { ...live, generation: Math.max(0, live.generation - 1) } };
    }),
  },
  {
    title: "a family that cannot be ended",
    intercept: onResult<FamilyState | null>("family.inspect", (state) => {
      return state && { ...state, revoked: null };
    }),
  },
];

function onResult<Result>(operation: string, change: (result: Result) => Result): Intercept {
  return async (called, proceed) => {
    const result = await proceed();
    return called === operation ? change(result as Result) : result;
  };
}
