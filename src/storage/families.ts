import { callWithDeadline, createCallLimit } from "../isolate.ts";
import { countRetry } from "../telemetry/request-log.ts";
import type {
  FamilyPolicy,
  FamilyState,
  LazyFamily,
  RevocationReason,
  Rotation,
  RotationOutcome,
} from "../tokens/family.ts";
import type { Redemption, RedemptionOutcome } from "../tokens/redemption.ts";
import type { RefreshFamily } from "./refresh-family.ts";

/**
 * The Worker's interface to refresh families: one Durable Object each. All calls can be repeated,
 * `rotate` with the same `attemptId`. Only the first call that ends a family reports it, and a call
 * that the Worker retries counts as one.
 *
 * Methods throw Unavailable when the object fails or does not respond in time, and Refusal
 * `family_busy` when this isolate already waits for many calls to it.
 */
export interface FamilyStore {
  /** Makes the id of a new family: 64 hexadecimal digits. No round trip. */
  newId(): string;
  /** The id of the family of an imported refresh token. Deterministic. */
  importedId(refreshTokenHash: string): string;
  /** Begins a family. */
  start(familyId: string, state: FamilyState, policy: FamilyPolicy): Promise<void>;
  /**
   * Begins a family with an authorization code, which is consumed.
   *
   * @param keptUntilMs when no other code of the same request can be valid
   */
  redeem(
    familyId: string,
    redemption: Redemption,
    nowMs: number,
    policy: FamilyPolicy,
    keptUntilMs: number,
  ): Promise<RedemptionOutcome>;
  /** Consumes a generation. @param lazyFamily of a family that may not have begun */
  rotate(
    familyId: string,
    rotation: Rotation,
    nowMs: number,
    policy: FamilyPolicy,
    lazyFamily?: LazyFamily,
  ): Promise<RotationOutcome>;
  /**
   * Ends a family of that client.
   *
   * @param lazyFamily of a family that may not have begun
   * @returns the ended family, or null if there is none of that client
   */
  revoke(
    familyId: string,
    clientId: string,
    reason: RevocationReason,
    nowMs: number,
    lazyFamily?: LazyFamily,
  ): Promise<FamilyState | null>;
  /** @returns the state of the family, or null if there is none */
  inspect(familyId: string): Promise<FamilyState | null>;
}

/** Most calls to one object in one request, including retries. */
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
      return callWithDeadline(operation, () => withRetries(() => run(getStub(families, familyId))));
    });
  }

  return {
    newId: () => families.newUniqueId().toString(),
    importedId: (hash) => families.idFromName(`imported ${hash}`).toString(),
    start(id, state, policy) {
      return call("family.start", id, async (family) => await family.start(state, policy));
    },
    redeem(id, redemption, nowMs, policy, keptUntilMs) {
      return call("family.redeem", id, async (family) => {
        return await family.redeem(redemption, nowMs, policy, keptUntilMs);
      });
    },
    rotate(id, rotation, nowMs, policy, lazyFamily) {
      let calls = 0;
      return call("family.rotate", id, async (family) => {
        calls += 1;
        const outcome = await family.rotate(rotation, nowMs, policy, lazyFamily);
        return calls === 1 ? outcome : ownOutcome(outcome, nowMs, family);
      });
    },
    revoke(id, clientId, reason, nowMs, lazyFamily) {
      return call("family.revoke", id, async (family) => {
        return await family.revoke(clientId, reason, nowMs, lazyFamily);
      });
    },
    inspect(id) {
      return call("family.inspect", id, async (family) => await family.inspect());
    },
  };
}

/**
 * The outcome of a rotation that the Worker retried: that of its first call, whose response was
 * lost, if this is what the object has done. A reuse in the same millisecond by another request is
 * reported by both.
 */
async function ownOutcome(
  outcome: RotationOutcome,
  nowMs: number,
  family: DurableObjectStub<RefreshFamily>,
): Promise<RotationOutcome> {
  if (outcome.kind === "repeated" && outcome.isSameAttempt === true) {
    return { kind: "rotated", successor: outcome.successor };
  }
  if (outcome.kind !== "refused" || outcome.refusal !== "revoked") return outcome;
  const { revoked = null, live } = (await family.inspect()) ?? {};
  if (revoked?.reason !== "reuse" || live === undefined) return outcome;
  const isOwn = revoked.atMs === Math.max(nowMs, live.issuedAtMs);
  return isOwn ? { kind: "refused", refusal: "reused", ended: live } : outcome;
}

/** A stub that threw stays broken, so each call makes a new one. */
function getStub(
  families: DurableObjectNamespace<RefreshFamily>,
  familyId: string,
): DurableObjectStub<RefreshFamily> {
  return families.get(families.idFromString(familyId));
}

async function withRetries<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let calls = 1; ; calls += 1) {
    try {
      return await run();
    } catch (error) {
      if (calls === CALLS_MAX || !mayRetry(error)) throw error;
      countRetry();
    }
  }
}

/**
 * Whether the platform marks a call as retryable. An overloaded object must not be called again.
 * Source: Durable Objects, "Error handling".
 */
function mayRetry(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
