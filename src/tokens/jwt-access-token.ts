import type { Claims } from "../protocol/claims.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import type { AccessTokenContent } from "./access-token.ts";

/** The `typ` of a JWT access token (RFC 9068 §2.1). */
export const JWT_TYPE = "at+jwt";

/**
 * The claims of a JWT access token (RFC 9068 §2.2). Without a user the client is the subject.
 *
 * @param tokenId the `jti`: names the token to this service and is no token itself
 */
export function jwtClaims(
  content: AccessTokenContent,
  tokenId: string,
  issuerUrl: string,
): Record<string, unknown> {
  const { clientId, subject, scope, audience, claims, issuedAtMs, expiresAtMs } = content;
  return {
    ...claims,
    iss: issuerUrl,
    sub: subject ?? clientId,
    aud: audience ?? issuerUrl,
    client_id: clientId,
    scope,
    iat: Math.floor(issuedAtMs / 1000),
    exp: Math.floor(expiresAtMs / 1000),
    jti: tokenId,
  };
}

/** Reads back what {@link jwtClaims} wrote. @returns null when something is missing or odd */
export function jwtContent(payload: Readonly<Record<string, unknown>>): AccessTokenContent | null {
  const { sub, aud, client_id: clientId, scope, iat, exp } = payload;
  if (typeof sub !== "string" || typeof clientId !== "string" || typeof scope !== "string") {
    return null;
  }
  if (typeof aud !== "string" || typeof iat !== "number" || typeof exp !== "number") return null;
  const own = Object.entries(payload).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return {
    clientId,
    subject: sub === clientId ? null : sub,
    scope,
    audience: aud,
    claims: Object.fromEntries(own) as Claims,
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  };
}
