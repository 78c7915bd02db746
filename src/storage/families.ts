import { callWithDeadline } from "../deadline.ts";
import { countRetry } from "../telemetry/request-log.ts";
import type {
  FamilyPolicy,
  FamilyState,
  RevocationReason,
  Rotation,
  RotationOutcome,
  UnbegunFamily,
} from "../tokens/family.ts";
import { createCallLimit } from "./call-limit.ts";
import type { RefreshFamily } from "./refresh-family.ts";

/**
 * Refresh families, seen from the Worker: one Durable Object each. Every call may be repeated
 * without harm, `rotate` with the same `attemptId`; only which call ended a family is said once, so
 * that a reuse whose answer is lost is in no audit event.
 *
 * Each throws Unavailable when the object fails or does not answer in time, and Refusal
 * `family_busy` when this isolate already waits for many calls to it.
 */
export interface FamilyStore {
  /** Makes the id of a family that does not exist yet: 64 hexadecimal digits. No round trip. */
  newId(): string;
  /** The id of the family that an imported refresh token begins: the same one every time. */
  importedId(refreshTokenHash: string): string;
  /** Begins a family. */
  start(familyId: string, state: FamilyState, policy: FamilyPolicy): Promise<void>;
  /** Consumes a generation. @param unbegun of a family that may not have begun */
  rotate(
    familyId: string,
    rotation: Rotation,
    nowMs: number,
    policy: FamilyPolicy,
    unbegun?: UnbegunFamily,
  ): Promise<RotationOutcome>;
  /**
   * Ends a family of that client.
   *
   * @param unbegun of a family that may not have begun
   * @returns the family as it ended, or null when there was nothing to end
   */
  revoke(
    familyId: string,
    clientId: string,
    reason: RevocationReason,
    nowMs: number,
    unbegun?: UnbegunFamily,
  ): Promise<FamilyState | null>;
  /** @returns the family as it is, or null when there is none */
  inspect(familyId: string): Promise<FamilyState | null>;
}

/** Calls to one object in one request before giving up. */
const CALLS_MAX = 3;

/** Builds the {@link FamilyStore} over the Durable Object namespace. */
export function createFamilyStore(
  families: DurableObjectNamespace<RefreshFamily>,
  clock: () => number,
): FamilyStore {
  const limit = createCallLimit("family_busy", clock);

  function call<Result>(
    operation: string,
    familyId: string,
    run: (family: DurableObjectStub<RefreshFamily>) => Promise<Result>,
  ): Promise<Result> {
    return limit.run(familyId, () => {
      return callWithDeadline(operation, () => repeatedly(() => run(getStub(families, familyId))));
    });
  }

  return {
    newId: () => families.newUniqueId().toString(),
    importedId: (hash) => families.idFromName(`imported ${hash}`).toString(),
    start(id, state, policy) {
      return call("family.start", id, async (family) => await family.start(state, policy));
    },
    rotate(id, rotation, nowMs, policy, unbegun) {
      let calls = 0;
      return call("family.rotate", id, async (family) => {
        calls += 1;
        const outcome = await family.rotate(rotation, nowMs, policy, unbegun);
        // The Worker repeated its own call: the client did not present the token again.
        const isOwn = calls > 1 && outcome.kind === "repeated" && outcome.isSameAttempt === true;
        return isOwn ? { kind: "rotated", successor: outcome.successor } : outcome;
      });
    },
    revoke(id, clientId, reason, nowMs, unbegun) {
      return call("family.revoke", id, async (family) => {
        return await family.revoke(clientId, reason, nowMs, unbegun);
      });
    },
    inspect(id) {
      return call("family.inspect", id, async (family) => await family.inspect());
    },
  };
}

/** A stub that threw is broken for good, so each call makes its own. */
function getStub(
  families: DurableObjectNamespace<RefreshFamily>,
  familyId: string,
): DurableObjectStub<RefreshFamily> {
  return families.get(families.idFromString(familyId));
}

async function repeatedly<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let calls = 1; ; calls += 1) {
    try {
      return await run();
    } catch (error) {
      if (calls === CALLS_MAX || !mayRepeat(error)) throw error;
      countRetry();
    }
  }
}

/**
 * Whether the platform says that a call may be repeated. An overloaded object must be left alone.
 * Source: Durable Objects, "Error handling".
 */
function mayRepeat(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
