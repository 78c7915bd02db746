import { type Bytes, fromBase64Url, toBase64Url } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { type Opened, seal, unseal } from "../crypto/seal.ts";

/**
 * Longest token, in characters. Room for a client id and a subject of 255 bytes each, and the
 * longest scope.
 */
const TOKEN_LENGTH_MAX = 4096;

/**
 * Makes a token: a prefix for secret scanners, then the sealed content in base64url. Only VSCHAR
 * (RFC 6749 appendix A.12 and A.17).
 */
export async function sealToken(
  prefix: string,
  key: SealingKey,
  plaintext: Bytes,
): Promise<string> {
  const token = prefix + toBase64Url(await seal(key, plaintext));
  if (token.length > TOKEN_LENGTH_MAX) throw new RangeError("a token would be too long to read");
  return token;
}

/**
 * Reads a token made by {@link sealToken}, without storage.
 *
 * @returns null for a forged, truncated, altered or non-canonical token
 */
export async function unsealToken(
  prefix: string,
  ring: KeyRing,
  token: string,
): Promise<Opened | null> {
  if (!token.startsWith(prefix) || token.length > TOKEN_LENGTH_MAX) return null;
  const sealed = fromBase64Url(token.slice(prefix.length));
  return sealed === null ? null : unseal(ring, sealed);
}
