import { Refusal } from "../errors/refusal.ts";
import { BoundedMap } from "../isolate.ts";
import { networkOf } from "../protocol/address.ts";
import { logFailure } from "../telemetry/request-log.ts";

/** Exempt callers remembered in one isolate: some 100 bytes each. */
const CALLERS_MAX = 1000;

/** How long a caller stays exempt, in milliseconds: ten minutes. */
const CALLER_AGE_MS_MAX = 600_000;

/** The period of the binding in `wrangler.toml`, in seconds. */
export const ADDRESS_PERIOD_SECONDS = 10;

/**
 * The first rate limit: how many requests an address may make before anything is looked up. The
 * platform counts, cheaply and roughly, in each of its locations. A caller that has authenticated
 * as a client, or presented a valid token, is exempt: all requests of a web application come from
 * its few addresses.
 */
export interface AddressFilter {
  /**
   * Counts a request, unless its caller is exempt.
   *
   * @param address from the platform; null, which is not limited: a Worker of the operator that
   *   sends none
   * @param caller who the request claims to be: a client id, the SHA-256 of a bearer token, or null
   * @throws Refusal `address_throttled`
   */
  limit(address: string | null, caller: string | null): Promise<void>;
  /** Exempts a caller that has authenticated. Not for public clients, which prove nothing. */
  exempt(address: string | null, caller: string): void;
}

/** Builds an {@link AddressFilter} over the rate-limit binding. */
export function createAddressFilter(binding: RateLimit, clock: () => number): AddressFilter {
  const exemptSinceMs = new BoundedMap<number>(CALLERS_MAX);
  return {
    async limit(address, caller) {
      const sinceMs = exemptSinceMs.get(`${address} ${caller}`);
      const isExempt = sinceMs !== undefined && clock() - sinceMs < CALLER_AGE_MS_MAX;
      if (isExempt || address === null || (await isWithin(binding, networkOf(address)))) return;
      throw new Refusal("address_throttled", ADDRESS_PERIOD_SECONDS);
    },

    exempt(address, caller) {
      exemptSinceMs.set(`${address} ${caller}`, clock());
    },
  };
}

/** If the binding fails, all requests pass: exact limits are enforced elsewhere. */
async function isWithin(binding: RateLimit, key: string): Promise<boolean> {
  try {
    return (await binding.limit({ key })).success;
  } catch (error) {
    logFailure("address_limit_failed", error);
    return true;
  }
}
