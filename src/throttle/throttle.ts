import type { FailurePolicy } from "../limits/failures.ts";
import type { FailureCounters } from "../storage/failure-counters.ts";
import { type Admitted, type Result, refuse, settled } from "./attempts.ts";
import { createClientLogins } from "./client-logins.ts";
import type { Origin, ThrottleNames } from "./names.ts";

/** A check of a user's password that somebody wants. */
export interface LoginAttempt {
  readonly username: string;
  readonly clientId: string;
  readonly origin: Origin;
}

/** A check of a client's secret that somebody wants. */
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
   * Checks a user's password, unless too much has failed for that name, or through that client. A
   * name that no user has is counted as any other.
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
  const clients = createClientLogins(counters, names, clientFailures, clock);

  return {
    async login({ username, clientId, origin }, check) {
      const nowMs = clock();
      const counter = await names.counter("user", username);
      const places = await names.places(counter, origin);
      const strangersFromMs = clients.strangersFromMs(clientId);
      const approach = { places, strangersFromMs };
      const admission = await counters.admit(counter, approach, nowMs, userFailures);
      if (admission.kind === "throttled") {
        const isOfClient = !admission.isKnown && strangersFromMs > nowMs;
        throw refuse(isOfClient ? "client_throttled" : "user_throttled", admission, nowMs);
      }
      const settle = (result: Result) => {
        const settlement = { ...admission, result, places, forgiven: 0 };
        defer(counters.settle(counter, settlement, clock(), userFailures));
      };
      const isKnown = admission.counter !== null;
      let stranger: Admitted | null = null;
      try {
        if (!isKnown) stranger = await clients.admitStranger(clientId, nowMs);
      } catch (error) {
        settle("dropped");
        throw error;
      }
      return settled(check, (result) => {
        settle(result);
        const login = { user: counter, isKnown, admitted: stranger, result };
        defer(clients.settle(clientId, login));
      });
    },

    async secret({ clientId, address }, check) {
      const nowMs = clock();
      const counter = await names.counter("secret", clientId);
      const places = await names.places(counter, { address, provedClientId: null });
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
