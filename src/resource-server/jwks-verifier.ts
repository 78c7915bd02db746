import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { isStrictJwt } from "../crypto/strict-jwt.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { parseScope } from "../protocol/scope.ts";
import {
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
  /** The required `aud`: this API. */
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
  const keys = createRemoteJWKSet(new URL(options.jwksUrl ?? defaultJwksUrl(issuer)));

  async function verify(token: string, requirements: Requirements): Promise<Verification> {
    const refused = refusalOf(requirements);
    if (refused !== null) return refused;
    if (!isStrictJwt(token)) return { kind: "invalid_token" };
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        typ: "at+jwt",
        requiredClaims: ["exp", "iat", "sub", "client_id", "jti"],
      });
      return decide(toVerified(payload, audience), requirements);
    } catch (error) {
      return { kind: isAboutToken(error) ? "invalid_token" : "unavailable" };
    }
  }

  return { verify };
}

/** Errors of fetching the keys, which say nothing about the token. */
const KEY_ERRORS = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !KEY_ERRORS.includes(error.code);
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
