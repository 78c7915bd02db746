import type { AddressLimit } from "../storage/address-limit.ts";

/** Callers remembered in one isolate: some 100 bytes each. */
const CALLERS_MAX = 1000;

/** How long a caller is remembered, in milliseconds: ten minutes. */
const CALLER_AGE_MS_MAX = 600_000;

/**
 * The first limit of a request that is about to look something up: how many an address may make. A
 * server that has proved to be its client is let through, since all of a site's requests come from
 * its few addresses.
 */
export interface AddressFilter {
  /**
   * Lets a request through, or not.
   *
   * @param address as the platform says, or null when it does not
   * @param clientId that the request claims
   * @throws Refusal `address_throttled`
   */
  pass(address: string | null, clientId: string): Promise<void>;
  /** Notes that a client has proved itself from there; not for a public client. */
  trust(address: string | null, clientId: string): void;
}

/** Lets every request through. */
export const NO_ADDRESS_FILTER: AddressFilter = { pass: async () => {}, trust: () => {} };

/** Builds an {@link AddressFilter} that trusts nobody yet. */
export function createAddressFilter(limit: AddressLimit, clock: () => number): AddressFilter {
  const trustedAtMs = new Map<string, number>();
  return {
    async pass(address, clientId) {
      const atMs = trustedAtMs.get(`${address} ${clientId}`);
      const isTrusted = atMs !== undefined && clock() - atMs < CALLER_AGE_MS_MAX;
      if (!isTrusted) await limit.count(address);
    },

    trust(address, clientId) {
      const caller = `${address} ${clientId}`;
      trustedAtMs.delete(caller);
      trustedAtMs.set(caller, clock());
      const [oldest] = trustedAtMs.keys();
      if (trustedAtMs.size > CALLERS_MAX && oldest !== undefined) trustedAtMs.delete(oldest);
    },
  };
}
