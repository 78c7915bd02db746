import { Refusal } from "../errors/refusal.ts";
import { isAddress } from "../protocol/address.ts";
import type { Params } from "../protocol/params.ts";
import type { Client } from "../storage/clients.ts";

/** A token request as grants see it: without HTTP. */
export interface TokenRequest {
  /** Undefined: the request names none. */
  readonly grantType: string | undefined;
  readonly params: Params;
  /** The `Idempotency-Key` header, or null. */
  readonly idempotencyKey: string | null;
  /** Where the request comes from, as the platform says, or null when it does not. */
  readonly address: string | null;
  /** The address of the user whom the client says that it serves, or null. Not verified. */
  readonly forwardedFor: string | null;
  /** Tells the session from others in a list for people. */
  readonly label: string;
  /** The `iss` of a JWT. */
  readonly issuerUrl: string;
  /** Before anything was looked up, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
}

/**
 * The address of the user. A client that authenticated may say whom it serves. A public client may
 * not: anyone can name one.
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
