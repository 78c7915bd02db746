import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { isStrictJwt } from "../crypto/strict-jwt.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { findResource } from "../protocol/resource.ts";
import { parseScope } from "../protocol/scope.ts";
import {
  audienceReason,
  decide,
  type Requirements,
  refusalOf,
  type Verification,
  type VerifiedToken,
  type Verifier,
} from "./verification.ts";

/** Options of {@link createJwksVerifier}. */
export interface JwksVerifierOptions {
  /** The required `iss`, for example `https://login.example.com`. */
  readonly issuer: string;
  /** The required `aud`: this API. A bare origin matches with or without a slash at its end. */
  readonly audience: string;
  /** URL of the keys. Default: the one of the issuer's service. */
  readonly jwksUrl?: string;
}

const ALGORITHMS = ["ES256", "EdDSA", "RS256"];

/**
 * Verifies JWT access tokens (RFC 9068 §4) without a request to the service for each token. It does
 * not see revocations: a revoked token is accepted until it expires.
 *
 * @throws TypeError without an issuer or audience, for example because of a missing variable: jose
 *   would accept any
 */
export function createJwksVerifier(options: JwksVerifierOptions): Verifier {
  const { issuer, audience } = options;
  if (!issuer || !audience) throw new TypeError("issuer and audience are required");
  const jwksUrl = options.jwksUrl ?? defaultJwksUrl(issuer);
  const keys = createRemoteJWKSet(new URL(jwksUrl));

  async function verify(token: string, requirements: Requirements): Promise<Verification> {
    const refused = refusalOf(requirements);
    if (refused !== null) return refused;
    if (!isStrictJwt(token)) return { kind: "invalid_token", reason: NOT_A_JWT };
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        algorithms: ALGORITHMS,
        typ: "at+jwt",
        requiredClaims: ["aud", "exp", "iat", "sub", "client_id", "jti"],
      });
      const actual = [payload.aud].flat().filter((value) => typeof value === "string");
      if (findResource(audience, actual) === undefined) {
        return { kind: "invalid_token", reason: audienceReason(audience, actual.join(" ")) };
      }
      return decide(toVerified(payload, audience), requirements);
    } catch (error) {
      if (isAboutToken(error)) return { kind: "invalid_token", reason: reasonOf(error, issuer) };
      return { kind: "unavailable", problem: `the keys could not be fetched from ${jwksUrl}` };
    }
  }

  return { verify };
}

/** Errors of fetching the keys, which say nothing about the token. */
const KEY_ERRORS = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

function isAboutToken(error: unknown): error is errors.JOSEError {
  return error instanceof errors.JOSEError && !KEY_ERRORS.includes(error.code);
}

const NOT_A_JWT =
  "the token is not a JWT: give its client access_token_format jwt, or verify over RPC or by " +
  "introspection";

/** For developers. The messages of jose contain nothing of the token. */
function reasonOf(error: errors.JOSEError, issuer: string): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "iss") {
    return `the token is of the issuer "${error.payload.iss}", not of "${issuer}"`;
  }
  return error.message;
}

function toVerified(payload: Readonly<Record<string, unknown>>, audience: string): VerifiedToken {
  const { sub, sub_kind: kind, client_id: clientId, scope, exp } = payload;
  // Version 0.1 of the service does not send the kind.
  const isClient = kind === undefined ? sub === clientId : kind === "client";
  const others = Object.entries(payload).filter(([name]) => !RESERVED_CLAIMS.has(name));
  return {
    clientId: String(clientId),
    subject: isClient ? null : String(sub),
    scope: (typeof scope === "string" && parseScope(scope)) || [],
    audience,
    claims: Object.fromEntries(others),
    expiresAt: Number(exp),
  };
}

/** Under the issuer's path, which is a path prefix of the service; default `/o`. */
function defaultJwksUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  const prefix = pathname === "/" ? "/o" : pathname.replace(/\/$/, "");
  return `${origin}${prefix}/.well-known/jwks.json`;
}
