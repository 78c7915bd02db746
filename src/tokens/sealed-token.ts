import { type Bytes, fromBase64Url, toBase64Url } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { type Opened, seal, unseal } from "../crypto/seal.ts";

/**
 * Longest token that is looked at, in characters. Ours stay below it as long as client id, subject
 * and scope together stay below some 2,500 bytes.
 */
const TOKEN_LENGTH_MAX = 4096;

/**
 * Writes a token: a prefix that secret scanners recognise, then the sealing in base64url.
 * Only VSCHAR (RFC 6749 appendix A.12 and A.17).
 */
export async function sealToken(
  prefix: string,
  key: SealingKey,
  plaintext: Bytes,
): Promise<string> {
  return prefix + toBase64Url(await seal(key, plaintext));
}

/**
 * Reads a token made by {@link sealToken}, without touching storage.
 *
 * @returns null for a forged, truncated, altered or otherwise spelled token
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
