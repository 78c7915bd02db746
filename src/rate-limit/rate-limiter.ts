import { type Admitted, type Attempt, type Result, refuse } from "./attempt.ts";
import { createBulkFailures } from "./bulk-failures.ts";
import type { CounterNames, LoginRequest } from "./counter-names.ts";
import type { FailureCounters } from "./failure-counters.ts";
import type { FailurePolicy } from "./failures.ts";

/** A request to check a client's secret. */
export interface SecretRequest {
  readonly clientId: string;
  /** Where it comes from; null: the platform does not say. */
  readonly address: string | null;
}

/** Counts failures before anything is hashed. Each attempt that is admitted must be ended. */
export interface RateLimiter {
  /**
   * Admits a check of a user's password, unless too many have failed for that name or through that
   * client. A name that no user has is counted like any other.
   *
   * @throws Refusal `user_throttled`, `client_throttled` or `throttle_busy`, Unavailable
   */
  admitLogin(request: LoginRequest): Promise<Attempt>;
  /**
   * Admits a check of a client's secret, unless too many have failed for that id.
   *
   * @throws Refusal `secret_throttled` or `throttle_busy`, Unavailable
   */
  admitSecret(request: SecretRequest): Promise<Attempt>;
}

/** What {@link createRateLimiter} needs. */
export interface RateLimiterOptions {
  readonly counters: FailureCounters;
  readonly names: CounterNames;
  readonly userFailures: FailurePolicy;
  /** For the passwords of users through one client, and for its own secret. */
  readonly clientFailures: FailurePolicy;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

const UNCOUNTED: Attempt = { end: () => {} };

/** Admits every attempt. */
export const NO_RATE_LIMITER: RateLimiter = {
  admitLogin: async () => UNCOUNTED,
  admitSecret: async () => UNCOUNTED,
};

/** Builds a {@link RateLimiter}. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { counters, names, userFailures, clientFailures, clock, defer } = options;
  const bulk = createBulkFailures(counters, clientFailures, clock);

  return {
    async admitLogin(request) {
      const nowMs = clock();
      const { user, places, ...bulkCounters } = await names.login(request);
      const strangersFromMs = bulk.heldUntilMs(bulkCounters.client);
      const knownFromMs = bulk.heldUntilMs(bulkCounters.origin);
      const { unlockedAtMs } = request;
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
      return {
        end(result) {
          settleUser(result);
          defer(bulk.settle(bulkCounter, { admitted, result, earnsCredit }));
        },
      };
    },

    async admitSecret({ clientId, address }) {
      const nowMs = clock();
      const counter = await names.secret(clientId);
      const places = await names.secretPlaces(counter, address);
      const approach = { places, strangersFromMs: 0 };
      const admission = await counters.admit(counter, approach, nowMs, clientFailures);
      if (admission.kind === "throttled") throw refuse("secret_throttled", admission, nowMs);
      return {
        end(result) {
          const settlement = { ...admission, result, places, forgiven: 0 };
          defer(counters.settle(counter, settlement, clock(), clientFailures));
        },
      };
    },
  };
}
