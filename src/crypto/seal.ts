/**
 * Deterministic authenticated sealing: the SIV construction of Rogaway and Shrimpton ("A Provable-
 * Security Treatment of the Key-Wrap Problem", 2006; RFC 5297 is its AES-CMAC instance), here with
 * HMAC-SHA256 as the pseudo-random function and AES-256-CTR as the cipher, both in WebCrypto.
 *
 *     sealed = key id (4 bytes) || tag (20 bytes) || AES-256-CTR(iv = tag[0..16], plaintext)
 *     tag    = HMAC-SHA256(mac key, plaintext)[0..20]
 *
 * The same plaintext under the same key gives the same bytes: a lost response can be repeated
 * without storing anything replayable. The 160-bit tag is both the initialisation vector and the
 * authentication: without the key, a forgery succeeds with a probability of 2^-160.
 */
import { type Bytes, concat, equalInConstantTime, fromHex, toHex } from "./bytes.ts";
import { hmacSha256 } from "./digest.ts";
import { KEY_ID_BYTES, type KeyRing, type SealingKey } from "./key-ring.ts";

const TAG_BYTES = 20;
const IV_BYTES = 16;

/** The result of {@link unseal}. */
export interface Opened {
  readonly plaintext: Bytes;
  /** The id of the key that sealed it, in hexadecimal. */
  readonly keyId: string;
}

/** Seals `plaintext` under `key`. Deterministic. */
export async function seal(key: SealingKey, plaintext: Bytes): Promise<Bytes> {
  const tag = await computeTag(key, plaintext);
  const keyId = fromHex(key.id) ?? new Uint8Array();
  const ciphertext = await crypto.subtle.encrypt(counterMode(tag), key.cipher, plaintext);
  return concat(keyId, tag, new Uint8Array(ciphertext));
}

/**
 * Opens what {@link seal} made under any key of the ring.
 *
 * @returns null if it is truncated, altered, or sealed by a key that is not in the ring
 */
export async function unseal(ring: KeyRing, sealed: Bytes): Promise<Opened | null> {
  const keyId = toHex(sealed.subarray(0, KEY_ID_BYTES));
  const key = ring.find(keyId);
  if (key === undefined || sealed.length < KEY_ID_BYTES + TAG_BYTES) return null;
  const tag = sealed.slice(KEY_ID_BYTES, KEY_ID_BYTES + TAG_BYTES);
  const ciphertext = sealed.subarray(KEY_ID_BYTES + TAG_BYTES);
  const decrypted = await crypto.subtle.decrypt(counterMode(tag), key.cipher, ciphertext);
  const plaintext = new Uint8Array(decrypted);
  if (!equalInConstantTime(await computeTag(key, plaintext), tag)) return null;
  return { plaintext, keyId };
}

async function computeTag(key: SealingKey, plaintext: Bytes): Promise<Bytes> {
  return (await hmacSha256(key.mac, plaintext)).slice(0, TAG_BYTES);
}

function counterMode(tag: Bytes): { name: string; counter: Bytes; length: number } {
  return { name: "AES-CTR", counter: tag.slice(0, IV_BYTES), length: IV_BYTES * 8 };
}
