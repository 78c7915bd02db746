import { Refusal } from "../errors/refusal.ts";
import type {
  ClientAuthenticator,
  CredentialSource,
  PresentedCredentials,
} from "./authenticator.ts";
import { basicAuthenticator } from "./basic.ts";
import { bodyAuthenticator } from "./body.ts";
import { publicAuthenticator } from "./none.ts";
import { privateKeyJwtAuthenticator } from "./private-key-jwt.ts";

/** All client authentication methods. The first one that a request uses is decisive. */
export const CLIENT_AUTHENTICATORS: readonly ClientAuthenticator[] = [
  privateKeyJwtAuthenticator,
  basicAuthenticator,
  bodyAuthenticator,
  publicAuthenticator,
];

/**
 * Reads the client credentials of a request, unverified.
 *
 * @example
 * const client = await readCredentials(source).verify(lookup, deps);
 *
 * @throws Refusal when there are none, or they are malformed
 */
export function readCredentials(source: CredentialSource): PresentedCredentials {
  const [scheme = ""] = (source.authorization ?? "").trim().toLowerCase().split(/\s/);
  const used = CLIENT_AUTHENTICATORS.find((method) => {
    return method.scheme === scheme || method.parameters.some((name) => source.params.has(name));
  });
  if (used === undefined) throw new Refusal("client_credentials_missing");
  return used.read(source);
}
