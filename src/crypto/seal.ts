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
import {
  type Bytes,
  concat,
  equalInConstantTime,
  fromBase64Url,
  fromHex,
  hkdfSha256,
  hmacKey,
  hmacSha256,
  toBase64Url,
  toHex,
} from "./bytes.ts";

/** Length of a key's id, in bytes. */
export const KEY_ID_BYTES = 4;

/** Length of a ring key, in bytes: `openssl rand -hex 32` generates one. */
export const RING_KEY_BYTES = 32;

/** Most keys in one ring. Keys are found by id and not tried, but every list has a limit. */
const RING_KEYS_MAX = 16;

/** A ring key for one purpose: a cipher key and a MAC key (see `seal.ts`). */
export interface SealingKey {
  /** Hexadecimal, {@link KEY_ID_BYTES} bytes; derived from the ring key. */
  readonly id: string;
  readonly cipher: CryptoKey;
  readonly mac: CryptoKey;
}

/** Keys for one purpose: the first seals, all open. */
export interface KeyRing {
  /** The key that seals. */
  readonly sealing: SealingKey;
  /** The key with that id, or undefined if it is unknown or retired. */
  find(id: string): SealingKey | undefined;
}

/**
 * Reads the value of a ring secret: 64 hexadecimal digits per key, separated by commas.
 *
 * @example
 * parseRingKeys("5e".repeat(32)); // one key
 *
 * @returns the raw keys, or a problem that contains no key
 */
export function parseRingKeys(text: string): readonly Bytes[] | string {
  const keys: Bytes[] = [];
  for (const [index, part] of text.split(",").entries()) {
    const key = fromHex(part.trim());
    if (key?.length !== RING_KEY_BYTES) {
      return `key ${index + 1} is not ${RING_KEY_BYTES * 2} hexadecimal digits`;
    }
    keys.push(key);
  }
  if (keys.length > RING_KEYS_MAX) return `more than ${RING_KEYS_MAX} keys`;
  if (new Set(keys.map(toHex)).size < keys.length) return "a duplicate key";
  return keys;
}

/** Writes a ring as {@link parseRingKeys} reads it. */
export function formatRingKeys(keys: readonly Bytes[]): string {
  return keys.map(toHex).join(",");
}

/** The id of a ring key: the same for every purpose, and public. */
export async function ringKeyId(raw: Bytes): Promise<string> {
  return toHex(await hkdfSha256(raw, "tollgate key id", KEY_ID_BYTES));
}

/**
 * Derives the keys for one purpose from a ring. Purposes are independent: what is sealed for one
 * cannot be opened for another.
 *
 * @param rawKeys from {@link parseRingKeys}, at least one
 */
export async function deriveKeyRing(rawKeys: readonly Bytes[], purpose: string): Promise<KeyRing> {
  const keys = await Promise.all(rawKeys.map((raw) => deriveSealingKey(raw, purpose)));
  const [sealing] = keys;
  if (sealing === undefined) throw new TypeError("a key ring needs a key");
  const byId = new Map(keys.map((key) => [key.id, key]));
  return { sealing, find: (id) => byId.get(id) };
}

async function deriveSealingKey(raw: Bytes, purpose: string): Promise<SealingKey> {
  const [id, cipher, mac] = await Promise.all([
    ringKeyId(raw),
    hkdfSha256(raw, `tollgate ${purpose} cipher`, 32),
    hkdfSha256(raw, `tollgate ${purpose} mac`, 32),
  ]);
  return {
    id,
    cipher: await crypto.subtle.importKey("raw", cipher, "AES-CTR", false, ["encrypt", "decrypt"]),
    mac: await hmacKey(mac),
  };
}

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
  lengthMax = TOKEN_LENGTH_MAX,
): Promise<string> {
  const token = prefix + toBase64Url(await seal(key, plaintext));
  if (token.length > lengthMax) throw new RangeError("a token would be too long to read");
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
  lengthMax = TOKEN_LENGTH_MAX,
): Promise<Opened | null> {
  if (!token.startsWith(prefix) || token.length > lengthMax) return null;
  const sealed = fromBase64Url(token.slice(prefix.length));
  return sealed === null ? null : unseal(ring, sealed);
}
