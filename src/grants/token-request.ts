import { Refusal } from "../errors/refusal.ts";
import { isAddress } from "../protocol/address.ts";
import type { Params } from "../protocol/params.ts";
import type { Client } from "../storage/clients.ts";

/** A token request without its HTTP parts. */
export interface TokenRequest {
  /** Undefined when the request has none. */
  readonly grantType: string | undefined;
  readonly params: Params;
  /** The `Idempotency-Key` header, or null. */
  readonly idempotencyKey: string | null;
  /** The IP address of the caller, or null when the platform does not provide it. */
  readonly address: string | null;
  /** The IP address of the user as the client states it, or null. Not verified. */
  readonly forwardedFor: string | null;
  /** Describes the session in lists for people. */
  readonly label: string;
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /** Before anything was looked up, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
}

/**
 * The address of the user. An authenticated client may state it. A public client may not, because
 * anyone can use its id.
 *
 * @throws Refusal `forwarded_address_malformed`
 */
export function userAddressOf(
  { authMethod }: Client,
  { address, forwardedFor }: Pick<TokenRequest, "address" | "forwardedFor">,
): string | null {
  if (authMethod === "none" || forwardedFor === null) return address;
  if (!isAddress(forwardedFor)) throw new Refusal("forwarded_address_malformed");
  return forwardedFor;
}
