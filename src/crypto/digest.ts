import { networkOf } from "../protocol/address.ts";
import { type Bytes, toBase64Url, toHex, utf8 } from "./bytes.ts";

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

/**
 * Digests the network of a request, to compare two uses of a refresh token without storing an
 * address. Digests of different families cannot be compared.
 *
 * @returns undefined if the address is unknown
 */
export type DigestOrigin = (
  familyId: string,
  address: string | null,
) => Promise<string | undefined>;

/** Purpose of the key for digests of origins. */
const ORIGIN_PURPOSE = "tollgate refresh origin";

/** Enough digits to distinguish the origins of one family. */
const ORIGIN_DIGITS = 16;

/** Derives a {@link DigestOrigin}. @param tokenKey the ring key that seals */
export async function deriveDigestOrigin(tokenKey: Uint8Array<ArrayBuffer>): Promise<DigestOrigin> {
  const key = await hmacKey(await hkdfSha256(tokenKey, ORIGIN_PURPOSE, 32));
  return async (familyId, address) => {
    if (address === null) return undefined;
    const digest = await hmacSha256(key, utf8(`${familyId} ${networkOf(address)}`));
    return toHex(digest).slice(0, ORIGIN_DIGITS);
  };
}
