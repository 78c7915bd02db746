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
 *
 * A token is a prefix and such bytes in base64url. What it says are tagged fields.
 */
import {
  type Bytes,
  concat,
  equalInConstantTime,
  fromBase64Url,
  fromHex,
  fromUtf8,
  hmacSha256,
  toBase64Url,
  toHex,
  utf8,
} from "./bytes.ts";
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
  const key = ring.keys.get(keyId);
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

/**
 * A tag from 1 to 255 for each field of a token's plaintext: texts, each with its tag (1 byte), a
 * length (2 bytes) and its UTF-8. A plaintext with an unknown tag is not valid: a reader that
 * ignored the tag of a key would accept a bound token as a bearer token.
 */
export type Tags<Name extends string> = Readonly<Record<Name, number>>;

const FIELD_HEAD_BYTES = 3;

/** Writes the fields in the order of the tags' table. Null: the field is absent. */
export function encodeFields<Name extends string>(
  tags: Tags<Name>,
  values: Readonly<Record<Name, string | null>>,
): Bytes {
  const fields = (Object.keys(tags) as Name[]).flatMap((name) => {
    const value = values[name];
    if (value === null) return [];
    const bytes = utf8(value);
    return [Uint8Array.of(tags[name], bytes.length >> 8, bytes.length & 255), bytes];
  });
  return concat(...fields);
}

/** @returns null for a truncated body, a repeated field, an unknown tag or invalid UTF-8 */
export function decodeFields<Name extends string>(
  tags: Tags<Name>,
  bytes: Bytes,
): Partial<Record<Name, string>> | null {
  const names = new Map((Object.keys(tags) as Name[]).map((name) => [tags[name], name]));
  const fields: Partial<Record<Name, string>> = {};
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, high = 0, low] = bytes.subarray(at, at + FIELD_HEAD_BYTES);
    const end = at + FIELD_HEAD_BYTES + (high << 8) + (low ?? 0);
    const name = names.get(tag);
    const value = fromUtf8(bytes.subarray(at + FIELD_HEAD_BYTES, end));
    const isWhole = low !== undefined && end <= bytes.length && value !== null;
    if (!isWhole || name === undefined || fields[name] !== undefined) return null;
    fields[name] = value;
    at = end;
  }
  return fields;
}
