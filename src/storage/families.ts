import { callWithDeadline, createCallLimit } from "../isolate.ts";
import { countRetry } from "../telemetry/request-log.ts";
import type {
  FamilyPolicy,
  FamilyState,
  Generation,
  LazyFamily,
  RevocationReason,
  Rotation,
  RotationOutcome,
  RotationRefusal,
} from "../tokens/family.ts";
import type { Redemption, RedemptionOutcome, RedemptionRefusal } from "../tokens/redemption.ts";
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

  /** @param run is called again, as a retry, after an error that the platform marks as retryable */
  function call<Result>(
    operation: string,
    familyId: string,
    run: (family: DurableObjectStub<RefreshFamily>, isRetry: boolean) => Promise<Result>,
  ): Promise<Result> {
    return limit.run(familyId, () => {
      return callWithDeadline(operation, () => {
        return withRetries((isRetry) => run(getStub(families, familyId), isRetry));
      });
    });
  }

  return {
    newId: () => families.newUniqueId().toString(),
    importedId: (hash) => families.idFromName(`imported ${hash}`).toString(),
    start(id, state, policy) {
      return call("family.start", id, async (family) => await family.start(state, policy));
    },
    redeem(id, redemption, nowMs, policy, keptUntilMs) {
      return call("family.redeem", id, async (family, isRetry) => {
        const outcome = await family.redeem(redemption, nowMs, policy, keptUntilMs);
        if (!isRetry || !isRevoked(outcome)) return outcome;
        return (await ownRevocation(family, nowMs, REDEMPTION_REFUSALS)) ?? outcome;
      });
    },
    rotate(id, rotation, nowMs, policy, lazyFamily) {
      return call("family.rotate", id, async (family, isRetry) => {
        const outcome = await family.rotate(rotation, nowMs, policy, lazyFamily);
        if (!isRetry) return outcome;
        // The Worker retried its own call; the client did not reuse the token.
        if (outcome.kind === "repeated" && outcome.isSameAttempt === true) {
          return { kind: "rotated", successor: outcome.successor };
        }
        if (!isRevoked(outcome)) return outcome;
        return (await ownRevocation(family, nowMs, ROTATION_REFUSALS)) ?? outcome;
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

/** What an outcome says when the call itself revokes the family, by the reason that is stored. */
type OwnRefusals<Refusal> = Readonly<Partial<Record<RevocationReason, Refusal>>>;

const ROTATION_REFUSALS: OwnRefusals<RotationRefusal> = { reuse: "reused", rolled_back: "unknown" };
const REDEMPTION_REFUSALS: OwnRefusals<RedemptionRefusal> = { code_reuse: "reused" };

function isRevoked(outcome: RotationOutcome | RedemptionOutcome): boolean {
  return outcome.kind === "refused" && outcome.refusal === "revoked";
}

/**
 * The outcome of the first call of a request, whose response was lost, if that call revoked the
 * family: a retry only learns that it is revoked. A revocation by another request in the same
 * millisecond cannot be told apart, and is reported by both.
 *
 * @returns null if the family was revoked before
 */
async function ownRevocation<Refusal>(
  family: DurableObjectStub<RefreshFamily>,
  nowMs: number,
  refusals: OwnRefusals<Refusal>,
): Promise<{ kind: "refused"; refusal: Refusal; ended: Generation } | null> {
  const { revoked = null, live } = (await family.inspect()) ?? {};
  if (revoked === null || live === undefined) return null;
  const refusal = refusals[revoked.reason];
  const isOwn = revoked.atMs === Math.max(nowMs, live.issuedAtMs);
  return isOwn && refusal !== undefined ? { kind: "refused", refusal, ended: live } : null;
}

/** A stub that threw stays broken, so each call makes a new one. */
function getStub(
  families: DurableObjectNamespace<RefreshFamily>,
  familyId: string,
): DurableObjectStub<RefreshFamily> {
  return families.get(families.idFromString(familyId));
}

async function withRetries<Result>(run: (isRetry: boolean) => Promise<Result>): Promise<Result> {
  for (let calls = 1; ; calls += 1) {
    try {
      return await run(calls > 1);
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
