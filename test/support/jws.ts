import { importJWK, type JWK } from "jose";
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "../../src/crypto/bytes.ts";
import type { Algorithm } from "./keys.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Signs the first two parts of a JWS as they are. */
export type Signer = (input: string) => Promise<Bytes>;

/** Claims, or headers, by name. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Writes a JWS in compact form (RFC 7515 §3.1), even an invalid one.
 *
 * @param header any value, or text that is taken as JSON as it is
 * @param payload likewise
 */
export async function writeJws(header: unknown, payload: unknown, sign: Signer): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${toBase64Url(await sign(input))}`;
}

/** Reads a JWS without a look at its signature. */
export function readJws(token: string): { header: Claims; payload: Claims } {
  const [header, payload] = token.split(".");
  return { header: decode(header), payload: decode(payload) };
}

/** Signs nothing. */
export const unsigned: Signer = async () => new Uint8Array();

const PARAMETERS: Readonly<Record<Algorithm, SubtleCryptoSignAlgorithm>> = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  EdDSA: { name: "Ed25519" },
};

/** The `alg` that belongs to a key. */
export function algorithmOf({ kty }: JWK): Algorithm {
  if (kty === "EC") return "ES256";
  return kty === "RSA" ? "RS256" : "EdDSA";
}

/** Signs with a private key, by the algorithm that belongs to it. */
export function signer(key: JWK): Signer {
  const algorithm = algorithmOf(key);
  return async (input) => {
    const imported = (await importJWK(key, algorithm)) as CryptoKey;
    return new Uint8Array(await crypto.subtle.sign(PARAMETERS[algorithm], imported, utf8(input)));
  };
}

/** Signs with a shared secret. */
export function hmacSigner(secret: Bytes, hash = "SHA-256"): Signer {
  return async (input) => {
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, [
      "sign",
    ]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(input)));
  };
}

function encode(part: unknown): string {
  return toBase64Url(utf8(typeof part === "string" ? part : JSON.stringify(part)));
}

function decode(part = ""): Claims {
  return JSON.parse(fromUtf8(fromBase64Url(part) ?? new Uint8Array()) ?? "");
}
