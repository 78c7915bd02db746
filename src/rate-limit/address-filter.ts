import { BoundedMap } from "../isolate/bounded-map.ts";
import type { AddressLimit } from "./address-limit.ts";

/** Callers remembered in one isolate: some 100 bytes each. */
const CALLERS_MAX = 1000;

/** How long a caller is remembered, in milliseconds: ten minutes. */
const CALLER_AGE_MS_MAX = 600_000;

/**
 * The first limit of a request that is about to look something up: how many an address may make. A
 * server that has authenticated as its client, or has presented a valid token, is exempt, since all
 * requests of a site come from its few addresses.
 */
export interface AddressFilter {
  /**
   * Counts a request, unless its caller is exempt.
   *
   * @param address as the platform says, or null when it does not
   * @param caller whom the request claims to be from: the id of a client, the SHA-256 of a bearer
   *   token, or null when it says nothing
   * @throws Refusal `address_throttled`
   */
  limit(address: string | null, caller: string | null): Promise<void>;
  /** Exempts a caller that has authenticated; not a public client, which proves nothing. */
  exempt(address: string | null, caller: string): void;
}

/** Limits no request. */
export const NO_ADDRESS_FILTER: AddressFilter = { limit: async () => {}, exempt: () => {} };

/** Builds an {@link AddressFilter} that exempts no caller yet. */
export function createAddressFilter(limit: AddressLimit, clock: () => number): AddressFilter {
  const exemptSinceMs = new BoundedMap<number>(CALLERS_MAX);
  return {
    async limit(address, caller) {
      const sinceMs = exemptSinceMs.get(`${address} ${caller}`);
      const isExempt = sinceMs !== undefined && clock() - sinceMs < CALLER_AGE_MS_MAX;
      if (!isExempt) await limit.count(address);
    },

    exempt(address, caller) {
      exemptSinceMs.set(`${address} ${caller}`, clock());
    },
  };
}
