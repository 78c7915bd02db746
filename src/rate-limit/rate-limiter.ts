import { type Admitted, type Attempt, type Result, throttledError } from "./attempt.ts";
import { createBulkFailures } from "./bulk-failures.ts";
import type { CounterNames, LoginRequest } from "./counter-names.ts";
import type { FailureCounters } from "./failure-counter.ts";
import type { FailurePolicy } from "./failures.ts";

/** A request to check a client's secret. */
export interface SecretRequest {
  readonly clientId: string;
  /** Where it comes from; null: the platform does not provide it. */
  readonly address: string | null;
}

/** Counts failures before anything is hashed. Each admitted attempt must be ended. */
export interface RateLimiter {
  /**
   * Admits a check of a user's password, unless too many have failed for that name or through that
   * client. Names of unknown users are counted too.
   *
   * @example
   * const attempt = await rateLimiter.admitLogin(request);
   * attempt.end((await isRight(password)) ? "succeeded" : "failed");
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

/** Builds a {@link RateLimiter}. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { counters, names, userFailures, clientFailures, clock, defer } = options;
  const bulk = createBulkFailures(counters, clientFailures, clock);

  return {
    async admitLogin(request) {
      const nowMs = clock();
      const { user, client, clientOrigin, origins: places } = await names.login(request);
      const strangersFromMs = bulk.blockedUntilMs(client);
      const knownFromMs = bulk.blockedUntilMs(clientOrigin);
      const userRequest = { places, strangersFromMs, knownFromMs };
      const admitUser = (unlockedAtMs: number) =>
        counters.admit(user, { ...userRequest, unlockedAtMs }, nowMs, userFailures);
      let admission = await admitUser(0);
      if (admission.kind === "throttled" && admission.appliedUnlockMs !== null) {
        const unlockedAtMs = await unlockedAtMsOf(request);
        if (unlockedAtMs > (admission.appliedUnlockMs ?? 0)) {
          admission = await admitUser(unlockedAtMs);
        }
      }
      if (admission.kind === "throttled") {
        const clientFromMs = admission.isKnown ? knownFromMs : strangersFromMs;
        const reason = clientFromMs > nowMs ? "client_throttled" : "user_throttled";
        throw throttledError(reason, admission, nowMs);
      }
      const { counter, ticket, earnsCredit: offsetsFailure = false } = admission;
      const recordUser = async (result: Result) => {
        const unlock = result === "failed" ? { unlockedAtMs: await unlockedAtMsOf(request) } : {};
        const ended = { counter, ticket, result, places, forgiven: 0, ...unlock };
        await counters.record(user, ended, clock(), userFailures);
      };
      const bulkCounter = counter === null ? client : clientOrigin;
      let admitted: Admitted | null;
      try {
        admitted = await bulk.admit(bulkCounter, nowMs);
      } catch (error) {
        defer(recordUser("dropped"));
        throw error;
      }
      return {
        end(result) {
          defer(recordUser(result));
          defer(bulk.record(bulkCounter, { admitted, result, offsetsFailure }));
        },
      };
    },

    async admitSecret({ clientId, address }) {
      const nowMs = clock();
      const counter = await names.secret(clientId);
      const places = await names.secretOrigins(counter, address);
      const request = { places, strangersFromMs: 0 };
      const admission = await counters.admit(counter, request, nowMs, clientFailures);
      if (admission.kind === "throttled")
        throw throttledError("secret_throttled", admission, nowMs);
      return {
        end(result) {
          const ended = { ...admission, result, places, forgiven: 0 };
          defer(counters.record(counter, ended, clock(), clientFailures));
        },
      };
    },
  };
}

/** When an operator last unlocked the user, which resets all failures; 0: never. */
async function unlockedAtMsOf({ named }: LoginRequest): Promise<number> {
  return (await named).user?.unlockedAtMs ?? 0;
}
