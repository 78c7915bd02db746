import type { JWK } from "jose";
import { type Bytes, fromBase64Url, toHex } from "./bytes.ts";
import { isOnP256 } from "./p256.ts";

/** Signature algorithms of each kind of key. `EdDSA` (RFC 8037) is `Ed25519` (RFC 9864). */
const ALGORITHMS = {
  "EC P-256": ["ES256"],
  "OKP Ed25519": ["EdDSA", "Ed25519"],
  RSA: ["RS256"],
} as const;

type Kind = keyof typeof ALGORITHMS;

/** A signature algorithm that this service supports. */
export type KnownAlgorithm = (typeof ALGORITHMS)[Kind][number];

/** Use of a key: the private half signs, the public half verifies. */
export type KeyUse = "sign" | "verify";

/** Members that only a private or a shared key has (RFC 7518 §6). */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** Members of a private RSA key that WebCrypto requires. */
const RSA_PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi"];

/** RFC 7518 §3.3 requires 2048; longer keys than 8192 only cost time. */
const RSA_BITS = { lowest: 2048, highest: 8192 };

/** Length of a coordinate or private scalar of P-256, and of an Ed25519 key, in bytes. */
const CURVE_BYTES = 32;

/** The algorithms of a key, preferred one first; empty for an unsupported key. */
export function algorithmsOf(jwk: JWK | null): readonly KnownAlgorithm[] {
  const kind = kindOf(jwk);
  return kind === null ? [] : ALGORITHMS[kind];
}

/**
 * Validates a key.
 *
 * @returns the problem, which completes a sentence such as "key 1 ..." and contains no part of the
 *   key, or null
 */
export function problemOfKey(jwk: unknown, use: KeyUse): string | null {
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) return "is not a JWK";
  const key = jwk as JWK;
  const kind = kindOf(key);
  if (kind === null) return "must be EC with curve P-256, OKP with curve Ed25519, or RSA";
  return problemOfUse(key, kind, use) ?? problemOfMembers(key, kind, use);
}

function kindOf(jwk: JWK | null): Kind | null {
  if (jwk?.kty === "EC" && jwk.crv === "P-256") return "EC P-256";
  if (jwk?.kty === "OKP" && jwk.crv === "Ed25519") return "OKP Ed25519";
  return jwk?.kty === "RSA" ? "RSA" : null;
}

/** Checks the members that restrict the use of the key (RFC 7517 §4.2 to §4.5). */
function problemOfUse(jwk: JWK, kind: Kind, use: KeyUse): string | null {
  const { use: declaredUse, key_ops: operations, alg, kid } = jwk;
  const algorithms: readonly unknown[] = ALGORITHMS[kind];
  if (declaredUse !== undefined && declaredUse !== "sig") return 'has a "use" other than "sig"';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes(use))) {
    return `has "key_ops" without "${use}"`;
  }
  if (alg !== undefined && !algorithms.includes(alg)) {
    return `has an "alg" that does not match it: use ${algorithms.join(" or ")}, or omit it`;
  }
  return kid !== undefined && typeof kid !== "string" ? 'has a "kid" that is not a string' : null;
}

function problemOfMembers(jwk: JWK, kind: Kind, use: KeyUse): string | null {
  const isPrivate = PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name));
  if (use === "verify" && isPrivate) {
    return "is a private key: replace it, since it is exposed now, and register a public key";
  }
  if (use === "sign" && !isPrivate) return "is a public key: signing needs the private key";
  if (kind === "RSA") return problemOfRsa(jwk, use);
  const names = [...(kind === "EC P-256" ? ["x", "y"] : ["x"]), ...(use === "sign" ? ["d"] : [])];
  const invalid = names.find((name) => decodeMember(jwk, name)?.length !== CURVE_BYTES);
  if (invalid !== undefined) return `has no "${invalid}" of ${CURVE_BYTES} bytes in base64url`;
  if (kind !== "EC P-256") return null;
  return isOnP256(decodeNumber(jwk, "x"), decodeNumber(jwk, "y"))
    ? null
    : "is not a point on its curve";
}

function problemOfRsa(jwk: JWK, use: KeyUse): string | null {
  const names = ["n", "e", ...(use === "sign" ? RSA_PRIVATE_MEMBERS : [])];
  const invalid = names.find((name) => (decodeMember(jwk, name)?.length ?? 0) === 0);
  if (invalid !== undefined) return `has no "${invalid}" in base64url`;
  const bits = decodeNumber(jwk, "n").toString(2).length;
  const { lowest, highest } = RSA_BITS;
  if (bits < lowest || bits > highest) {
    return `has ${bits} bits: an RSA key must have ${lowest} to ${highest}`;
  }
  const exponent = decodeNumber(jwk, "e");
  return exponent < 3n || exponent % 2n === 0n ? 'has an invalid "e"' : null;
}

function decodeMember(jwk: JWK, name: string): Bytes | null {
  const value = (jwk as Readonly<Record<string, unknown>>)[name];
  return typeof value === "string" ? fromBase64Url(value) : null;
}

function decodeNumber(jwk: JWK, name: string): bigint {
  return BigInt(`0x${toHex(decodeMember(jwk, name) ?? new Uint8Array(1))}`);
}
