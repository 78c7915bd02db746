import { isAddress } from "../protocol/address.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Client } from "../storage/accounts.ts";

/** Where a request comes from, by two accounts. */
export interface Addresses {
  /** As the platform says, or null when it does not. */
  readonly address: string | null;
  /** Whom the client says that it serves, or null. */
  readonly forwardedFor: string | null;
}

/**
 * The address of the user. A client that authenticated may say whom it serves. A public client may
 * not: anyone can name one.
 *
 * @throws Refusal `forwarded_address_malformed`
 */
export function userAddressOf(
  { authMethod }: Client,
  { address, forwardedFor }: Addresses,
): string | null {
  if (authMethod === "none" || forwardedFor === null) return address;
  if (!isAddress(forwardedFor)) throw new Refusal("forwarded_address_malformed");
  return forwardedFor;
}
