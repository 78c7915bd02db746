import { networkOf } from "../protocol/address.ts";
import { Refusal } from "../protocol/refusal.ts";
import { logFailure } from "../telemetry/observer.ts";

/**
 * The first filter: how many requests an address may make here and now, counted by the platform for
 * each of its locations, cheaply and roughly.
 */
export interface AddressLimit {
  /**
   * Counts one request.
   *
   * @param address as the platform says, or null: a Worker of the operator's own that sends none
   * @throws Refusal `address_throttled`
   */
  count(address: string | null): Promise<void>;
}

/** The period of the binding in `wrangler.toml`, in seconds: then the count begins anew. */
export const ADDRESS_PERIOD_SECONDS = 10;

/** Builds the {@link AddressLimit} over the rate-limit binding. */
export function createAddressLimit(binding: RateLimit): AddressLimit {
  return {
    async count(address) {
      if (address === null) return;
      if (await isWithin(binding, networkOf(address))) return;
      throw new Refusal("address_throttled", ADDRESS_PERIOD_SECONDS);
    },
  };
}

/** A filter that is broken lets everything through: what must be exact is counted elsewhere. */
async function isWithin(binding: RateLimit, key: string): Promise<boolean> {
  try {
    return (await binding.limit({ key })).success;
  } catch (error) {
    logFailure("address_limit_failed", error);
    return true;
  }
}
