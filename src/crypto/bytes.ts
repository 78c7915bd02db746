/** Byte strings: as text, compared, digested, and random ones. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The digits of each byte: a request writes some hundred bytes. */
const HEXADECIMAL = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes with a plain buffer, as WebCrypto requires. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Encodes text as UTF-8. */
export function utf8(text: string): Bytes {
  return new Uint8Array(encoder.encode(text));
}

/** Decodes UTF-8. @returns null for invalid UTF-8 */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Joins byte arrays into one. */
export function concat(...parts: readonly ArrayLike<number>[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Writes bytes as lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEXADECIMAL[byte];
  return text;
}

/** Reads hexadecimal in either case. @returns null for anything else */
export function fromHex(text: string): Bytes | null {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Writes bytes as base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Reads canonical base64url without padding. RFC 4648 §3.5 lets a decoder ignore the unused bits of
 * the last character; then a token would have four spellings.
 *
 * @returns null for anything else
 */
export function fromBase64Url(text: string): Bytes | null {
  if (!/^[\w-]*$/.test(text)) return null;
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return bytes !== null && toBase64Url(bytes) === text ? bytes : null;
}

/** Writes bytes as padded base64 (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Reads base64, padding optional. @returns null for anything else */
export function fromBase64(text: string): Bytes | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let index = 0; index < bytes.length; index += 1) {
      bytes[index] = characters.charCodeAt(index);
    }
    return bytes;
  } catch {
    return null;
  }
}

/**
 * Compares two byte strings in a time that depends only on their lengths.
 * (`crypto.subtle.timingSafeEqual` exists only in Workers, and the CLI runs in Node.)
 */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) {
    difference |= (left[index] as number) ^ (right[index] as number);
  }
  return difference === 0;
}

/**
 * Reads a body with a limit. Counts while reading, since a chunked body has no `Content-Length`.
 *
 * @param drainedBytesMax how much of a longer body is read and discarded before it is cancelled
 * @returns null when it is longer than `bytesMax`
 * @throws what the stream throws when it breaks off
 */
export async function readLimited(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  drainedBytesMax = bytesMax,
): Promise<Bytes | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length <= bytesMax) chunks.push(value);
    else chunks.length = 0;
    if (length > drainedBytesMax) {
      await reader.cancel();
      break;
    }
  }
  return length > bytesMax ? null : concat(...chunks);
}

/** SHA-256 (FIPS 180-4) of bytes, or of text as UTF-8. @returns 32 bytes */
export async function sha256(data: Bytes | string): Promise<Bytes> {
  const bytes = typeof data === "string" ? utf8(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** SHA-256 in base64url: for texts of any length that are only compared, and for PKCE. */
export async function digestText(text: string): Promise<string> {
  return toBase64Url(await sha256(text));
}

/** SHA-512 (FIPS 180-4) of text as UTF-8. @returns 64 bytes */
export async function sha512(text: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", utf8(text)));
}

/** HMAC-SHA256 (RFC 2104) of `data` under `key`. @returns 32 bytes */
export async function hmacSha256(key: CryptoKey, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

/** Imports raw bytes as a key for {@link hmacSha256}. */
export function hmacKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * HKDF-SHA256 (RFC 5869). The salt is empty, since `secret` is already a uniform key.
 *
 * @param secret 32 uniform bytes
 * @param purpose the `info` string; each purpose gives an independent key
 * @param length of the result, in bytes
 */
export async function hkdfSha256(secret: Bytes, purpose: string, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}

/** A source of random bytes. Passed as a parameter, so that tests can replace it. */
export type Random = (length: number) => Bytes;

/** Makes a UUID of version 4 (RFC 9562 §5.4). */
export function randomUuid(random: Random): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The platform's cryptographic random source. */
export const secureRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));
