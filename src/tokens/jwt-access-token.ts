import type { Bytes } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import type { Claims } from "../protocol/claims.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import type { AccessTokenContent } from "./access-token.ts";

/** The `typ` of a JWT access token (RFC 9068 §2.1). */
export const JWT_TYPE = "at+jwt";

/**
 * The claims of a JWT access token (RFC 9068 §2.2) but for its `jti`. Without a user the client is
 * the subject; `sub_kind` says which of the two it is (RFC 9700 §4.15).
 */
export function jwtClaims(content: AccessTokenContent, issuerUrl: string): Record<string, unknown> {
  const { clientId, subject, scope, audience, claims, issuedAtMs, expiresAtMs } = content;
  return {
    ...claims,
    iss: issuerUrl,
    sub: subject ?? clientId,
    sub_kind: subject === null ? "client" : "user",
    aud: audience ?? issuerUrl,
    client_id: clientId,
    scope,
    iat: Math.floor(issuedAtMs / 1000),
    exp: Math.floor(expiresAtMs / 1000),
  };
}

/**
 * A digest of all that a JWT says but its `jti`, which is bound to it: the signing key alone
 * does not suffice to combine other claims with a `jti` of this service.
 *
 * @param claims in the order in which the token has them
 */
export function claimsDigest(claims: Readonly<Record<string, unknown>>): Promise<Bytes> {
  return sha256(JSON.stringify(claims));
}

/** Reads back what {@link jwtClaims} wrote. @returns null when something is missing or malformed */
export function jwtContent(payload: Readonly<Record<string, unknown>>): AccessTokenContent | null {
  const { sub, aud, client_id: clientId, scope, iat, exp, sub_kind: kind } = payload;
  if (typeof sub !== "string" || typeof clientId !== "string" || typeof scope !== "string") {
    return null;
  }
  if (typeof aud !== "string" || typeof iat !== "number" || typeof exp !== "number") return null;
  // Tokens of 0.1 do not say the kind; they have expired an hour after an upgrade.
  const isClient = kind === undefined ? sub === clientId : kind === "client";
  const own = Object.entries(payload).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return {
    clientId,
    subject: isClient ? null : sub,
    scope,
    audience: aud,
    claims: Object.fromEntries(own) as Claims,
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  };
}
