import type { FailurePolicy } from "../limits/failures.ts";
import type { FailureCounters } from "../storage/failure-counters.ts";
import { type Admitted, type Result, refuse, settled } from "./attempts.ts";
import { createBulkFailures } from "./bulk-failures.ts";
import type { Origin, ThrottleNames } from "./names.ts";

/** A request to check a user's password. */
export interface LoginAttempt {
  readonly username: string;
  readonly clientId: string;
  readonly origin: Origin;
  /** When an operator last unlocked the user, which forgets all failures; 0: never. */
  readonly unlockedAtMs: number;
}

/** A request to check a client's secret. */
export interface SecretAttempt {
  readonly clientId: string;
  /** Where it comes from; null: the platform does not say. */
  readonly address: string | null;
}

/**
 * Counts failures before anything is hashed. A check that throws a Refusal has failed; when the
 * service fails, or is too busy, nothing is counted.
 */
export interface Throttle {
  /**
   * Checks a user's password, unless too much has failed for that name or through that client. A
   * name that no user has is counted like any other.
   *
   * @throws Refusal `user_throttled`, `client_throttled` or `throttle_busy`, Unavailable, and what
   *   the check throws
   */
  login<Value>(attempt: LoginAttempt, check: () => Promise<Value>): Promise<Value>;
  /**
   * Checks a client's secret, unless too much has failed for that id.
   *
   * @throws Refusal `secret_throttled` or `throttle_busy`, Unavailable, and what the check throws
   */
  secret<Value>(attempt: SecretAttempt, check: () => Promise<Value>): Promise<Value>;
}

/** What {@link createThrottle} needs. */
export interface ThrottleOptions {
  readonly counters: FailureCounters;
  readonly names: ThrottleNames;
  readonly userFailures: FailurePolicy;
  /** For the passwords of users through one client, and for its own secret. */
  readonly clientFailures: FailurePolicy;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Lets every check be made. */
export const NO_THROTTLE: Throttle = {
  login: (_, check) => check(),
  secret: (_, check) => check(),
};

/** Builds a {@link Throttle}. */
export function createThrottle(options: ThrottleOptions): Throttle {
  const { counters, names, userFailures, clientFailures, clock, defer } = options;
  const bulk = createBulkFailures(counters, clientFailures, clock);

  return {
    async login({ username, clientId, origin, unlockedAtMs }, check) {
      const nowMs = clock();
      const { user, places, ...bulkCounters } = await names.login(username, clientId, origin);
      const strangersFromMs = bulk.heldUntilMs(bulkCounters.client);
      const knownFromMs = bulk.heldUntilMs(bulkCounters.origin);
      const approach = { places, strangersFromMs, knownFromMs, unlockedAtMs };
      const admission = await counters.admit(user, approach, nowMs, userFailures);
      if (admission.kind === "throttled") {
        const bulkFromMs = admission.isKnown ? knownFromMs : strangersFromMs;
        const reason = bulkFromMs > nowMs ? "client_throttled" : "user_throttled";
        throw refuse(reason, admission, nowMs);
      }
      const { counter, ticket, earnsCredit = false } = admission;
      const settleUser = (result: Result) => {
        const settlement = { counter, ticket, result, places, forgiven: 0 };
        defer(counters.settle(user, settlement, clock(), userFailures));
      };
      const bulkCounter = counter === null ? bulkCounters.client : bulkCounters.origin;
      let admitted: Admitted | null;
      try {
        admitted = await bulk.admit(bulkCounter, nowMs);
      } catch (error) {
        settleUser("dropped");
        throw error;
      }
      return settled(check, (result) => {
        settleUser(result);
        defer(bulk.settle(bulkCounter, { admitted, result, earnsCredit }));
      });
    },

    async secret({ clientId, address }, check) {
      const nowMs = clock();
      const counter = await names.secret(clientId);
      const places = await names.secretPlaces(counter, address);
      const approach = { places, strangersFromMs: 0 };
      const admission = await counters.admit(counter, approach, nowMs, clientFailures);
      if (admission.kind === "throttled") throw refuse("secret_throttled", admission, nowMs);
      return settled(check, (result) => {
        const settlement = { ...admission, result, places, forgiven: 0 };
        defer(counters.settle(counter, settlement, clock(), clientFailures));
      });
    },
  };
}
