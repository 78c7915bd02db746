import type { AddressLimit } from "../storage/address-limit.ts";

/** Callers remembered in one isolate: some 100 bytes each. */
const CALLERS_MAX = 1000;

/** How long a caller is remembered, in milliseconds: ten minutes. */
const CALLER_AGE_MS_MAX = 600_000;

/**
 * The first limit of a request that is about to look something up: how many an address may make. A
 * server that has proved to be its client, or to hold a good token, is let through, since all of a
 * site's requests come from its few addresses.
 */
export interface AddressFilter {
  /**
   * Lets a request through, or not.
   *
   * @param address as the platform says, or null when it does not
   * @param caller whom the request claims to be from: the id of a client, the SHA-256 of a bearer
   *   token, or null for nobody
   * @throws Refusal `address_throttled`
   */
  pass(address: string | null, caller: string | null): Promise<void>;
  /** Notes that a caller has proved to be there; not for a public client, which proves nothing. */
  trust(address: string | null, caller: string): void;
}

/** Lets every request through. */
export const NO_ADDRESS_FILTER: AddressFilter = { pass: async () => {}, trust: () => {} };

/** Builds an {@link AddressFilter} that trusts nobody yet. */
export function createAddressFilter(limit: AddressLimit, clock: () => number): AddressFilter {
  const trustedAtMs = new Map<string, number>();
  return {
    async pass(address, caller) {
      const atMs = trustedAtMs.get(`${address} ${caller}`);
      const isTrusted = atMs !== undefined && clock() - atMs < CALLER_AGE_MS_MAX;
      if (!isTrusted) await limit.count(address);
    },

    trust(address, caller) {
      const name = `${address} ${caller}`;
      trustedAtMs.delete(name);
      trustedAtMs.set(name, clock());
      const [oldest] = trustedAtMs.keys();
      if (trustedAtMs.size > CALLERS_MAX && oldest !== undefined) trustedAtMs.delete(oldest);
    },
  };
}
