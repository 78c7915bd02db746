import { type Bytes, concat, sha256 } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { sealToken, unsealToken } from "../crypto/seal.ts";
import { type Claims, RESERVED_CLAIMS } from "../protocol/claims.ts";
import {
  type AccessTokenContent,
  type AccessTokenReference,
  decodeReference,
  encodeReference,
} from "./access-token.ts";

/** The `typ` of a JWT access token (RFC 9068 §2.1). */
export const JWT_TYPE = "at+jwt";

/** Purpose of the ring that seals the `jti` of JWTs. Separate: a `jti` in a log is not a token. */
export const TOKEN_ID_PURPOSE = "token id";

// Layout of a jti: kind (1 byte), digest (32), the reference. Version 0.1 wrote the last alone.
const BOUND_KIND = 3;
const DIGEST_BYTES = 32;

/** The content of a `jti`: its token, and a digest of the token's other claims. */
export interface TokenId {
  readonly reference: AccessTokenReference;
  /** Of the other claims; null: made by version 0.1, which did not bind them. */
  readonly digest: Bytes | null;
}

/** Makes the `jti` of a JWT. @param digest of its other claims, to which it is bound */
export function sealTokenId(
  key: SealingKey,
  reference: AccessTokenReference,
  digest: Bytes,
): Promise<string> {
  return sealToken("", key, concat([BOUND_KIND], digest, encodeReference(reference)));
}

/** Reads a `jti`. @returns null for anything that {@link sealTokenId} did not make */
export async function unsealTokenId(ring: KeyRing, tokenId: string): Promise<TokenId | null> {
  const opened = await unsealToken("", ring, tokenId);
  if (opened === null) return null;
  const { plaintext } = opened;
  const isBound = plaintext[0] === BOUND_KIND;
  const reference = decodeReference(isBound ? plaintext.slice(1 + DIGEST_BYTES) : plaintext);
  return reference && { reference, digest: isBound ? plaintext.slice(1, 1 + DIGEST_BYTES) : null };
}

/**
 * The claims of a JWT access token (RFC 9068 §2.2) except `jti`. Without a user the client is the
 * subject; `sub_kind` distinguishes the two (RFC 9700 §4.15).
 */
export function jwtClaims(content: AccessTokenContent, issuerUrl: string): Record<string, unknown> {
  const { clientId, subject, scope, audience, claims, claimNames, issuedAtMs, expiresAtMs } =
    content;
  return {
    ...claims,
    iss: issuerUrl,
    sub: subject ?? clientId,
    sub_kind: subject === null ? "client" : "user",
    aud: audience ?? issuerUrl,
    client_id: clientId,
    scope,
    ...(claimNames && { claim_names: claimNames.join(" ") }),
    iat: Math.floor(issuedAtMs / 1000),
    exp: Math.floor(expiresAtMs / 1000),
  };
}

/**
 * The digest of a JWT's claims except `jti`, to which the `jti` is bound: with the signing key
 * alone, an attacker cannot combine other claims with a `jti` of this service.
 *
 * @param claims in their order in the token
 */
export function claimsDigest(claims: Readonly<Record<string, unknown>>): Promise<Bytes> {
  return sha256(JSON.stringify(claims));
}

/** The inverse of {@link jwtClaims}. @returns null if a claim is missing or malformed */
export function jwtContent(payload: Readonly<Record<string, unknown>>): AccessTokenContent | null {
  const { sub, aud, client_id: clientId, scope, iat, exp, sub_kind: kind } = payload;
  const { claim_names: claimNames } = payload;
  if (typeof sub !== "string" || typeof clientId !== "string" || typeof scope !== "string") {
    return null;
  }
  if (typeof aud !== "string" || typeof iat !== "number" || typeof exp !== "number") return null;
  // Tokens of version 0.1 lack the kind; they expire an hour after an upgrade.
  const isClient = kind === undefined ? sub === clientId : kind === "client";
  const own = Object.entries(payload).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return {
    clientId,
    subject: isClient ? null : sub,
    scope,
    audience: aud,
    claims: Object.fromEntries(own) as Claims,
    claimNames: typeof claimNames === "string" ? claimNames.split(" ") : undefined,
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  };
}
