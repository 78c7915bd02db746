import type { FamilyPolicy, FamilyState, Rotation, RotationOutcome } from "../tokens/family.ts";
import { attempt } from "./attempt.ts";
import type { RefreshFamily } from "./refresh-family.ts";

/** Refresh families, seen from the Worker: one Durable Object each. */
export interface FamilyStore {
  /** Makes the id of a family that does not exist yet: 64 hexadecimal digits. No round trip. */
  newId(): string;
  /**
   * Begins a family.
   *
   * @throws Unavailable when its object fails
   */
  start(familyId: string, state: FamilyState, policy: FamilyPolicy): Promise<void>;
  /**
   * Consumes a generation of a family. Safe to repeat with the same `attemptId`.
   *
   * @throws Unavailable when its object fails
   */
  rotate(
    familyId: string,
    rotation: Rotation,
    nowMs: number,
    policy: FamilyPolicy,
  ): Promise<RotationOutcome>;
}

/** Calls to one object before giving up. */
const CALLS_MAX = 3;

/** Builds the {@link FamilyStore} over the Durable Object namespace. */
export function createFamilyStore(families: DurableObjectNamespace<RefreshFamily>): FamilyStore {
  /** A stub that threw is broken for good, so each call makes its own. */
  function call<Result>(
    operation: string,
    familyId: string,
    run: (family: DurableObjectStub<RefreshFamily>) => Promise<Result>,
  ): Promise<Result> {
    return attempt(operation, async () => {
      for (let calls = 1; ; calls += 1) {
        try {
          return await run(families.get(families.idFromString(familyId)));
        } catch (error) {
          if (calls === CALLS_MAX || !mayRetry(error)) throw error;
        }
      }
    });
  }

  return {
    newId: () => families.newUniqueId().toString(),
    start(familyId, state, policy) {
      return call("family.start", familyId, async (family) => await family.start(state, policy));
    },
    rotate(familyId, rotation, nowMs, policy) {
      return call(
        "family.rotate",
        familyId,
        async (family) => await family.rotate(rotation, nowMs, policy),
      );
    },
  };
}

/**
 * Whether the platform says that a call may be repeated. An overloaded object must be left alone.
 * Source: Durable Objects, "Error handling".
 */
function mayRetry(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
