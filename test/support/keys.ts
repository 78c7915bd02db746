import { env } from "cloudflare:workers";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";

/** Algorithms that the service signs with. */
export type Algorithm = "ES256" | "EdDSA" | "RS256";

/** Makes a private key. */
export async function newKey(algorithm: Algorithm = "ES256"): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return exportJWK(privateKey);
}

/** A set of keys as `SIGNING_KEYS` and `jwks` have it. The first one signs. */
export function keySet(...keys: readonly JWK[]): string {
  return JSON.stringify({ keys });
}

/** The public part of a key. */
export function publicHalf({ kty, crv, x, y, n, e }: JWK): JWK {
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }));
}

/** The id that the service publishes a key under (RFC 7638). */
export function keyId(key: JWK): Promise<string> {
  return calculateJwkThumbprint(publicHalf(key));
}

/** The private key that signs for every service whose `SIGNING_KEYS` are left as they are. */
export function serviceKey(): JWK {
  const { SIGNING_KEYS } = env as Env & { SIGNING_KEYS: string };
  return JSON.parse(SIGNING_KEYS).keys[0];
}
