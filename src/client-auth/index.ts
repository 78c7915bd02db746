import { Refusal } from "../protocol/refusal.ts";
import { basicAuthenticator } from "./basic.ts";
import { bodyAuthenticator } from "./body.ts";
import type { Claim, ClientAuthenticator, CredentialSource } from "./claim.ts";
import { publicAuthenticator } from "./none.ts";
import { privateKeyJwtAuthenticator } from "./private-key-jwt.ts";

/** Every way to authenticate a client, strongest claim first. */
export const CLIENT_AUTHENTICATORS: readonly ClientAuthenticator[] = [
  privateKeyJwtAuthenticator,
  basicAuthenticator,
  bodyAuthenticator,
  publicAuthenticator,
];

/**
 * Finds who a request says its client is. The first way that claims the request decides alone.
 *
 * @throws Refusal when no way claims it, or the one that does finds it malformed
 */
export function claimClient(source: CredentialSource): Claim {
  for (const authenticator of CLIENT_AUTHENTICATORS) {
    const claim = authenticator.claim(source);
    if (claim !== null) return claim;
  }
  throw new Refusal("client_credentials_missing");
}
