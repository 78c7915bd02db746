import { type AddressFilter, createAddressFilter } from "./address-filter.ts";
import type { Attempt } from "./attempt.ts";
import { deriveCounterNames } from "./counter-names.ts";
import { createFailureCounters } from "./failure-counter.ts";
import type { FailurePolicy } from "./failures.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";

/** The rate limits of the service. */
export interface Limits {
  readonly addressFilter: AddressFilter;
  readonly rateLimiter: RateLimiter;
}

/** What {@link createLimits} needs. */
export interface LimitsOptions {
  readonly env: Pick<Env, "ADDRESS_RATE_LIMIT" | "FAILURE_COUNTERS">;
  readonly rateLimits: "on" | "off";
  readonly userFailures: FailurePolicy;
  readonly clientFailures: FailurePolicy;
  /** The ring key that seals. */
  readonly tokenKey: Uint8Array<ArrayBuffer>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

const UNCOUNTED: Attempt = { end: () => {} };

const NO_LIMITS: Limits = {
  addressFilter: { limit: async () => {}, exempt: () => {} },
  rateLimiter: { admitLogin: async () => UNCOUNTED, admitSecret: async () => UNCOUNTED },
};

/** Builds the {@link Limits}. With `RATE_LIMITS=off` they limit nothing. */
export async function createLimits(options: LimitsOptions): Promise<Limits> {
  const { env, rateLimits, tokenKey, clock } = options;
  if (rateLimits === "off") return NO_LIMITS;
  const counters = createFailureCounters(env.FAILURE_COUNTERS, clock);
  const names = await deriveCounterNames(tokenKey);
  return {
    addressFilter: createAddressFilter(env.ADDRESS_RATE_LIMIT, clock),
    rateLimiter: createRateLimiter({ ...options, counters, names }),
  };
}
