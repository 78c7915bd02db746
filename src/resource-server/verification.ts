import { findResource } from "../protocol/resource.ts";

/** A valid access token, for an API. */
export interface VerifiedToken {
  readonly clientId: string;
  /** The user's id, or null when the client acts for itself. */
  readonly subject: string | null;
  readonly scope: readonly string[];
  /** The API that the token is for, or null without an audience. */
  readonly audience: string | null;
  /** Claims that the operator set for client and user, for example roles. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** The requirements of an API on a token. */
export interface Requirements {
  /**
   * `fast` (default): reads KV, or checks the signature of a JWT. It may accept a revoked opaque
   * token for about a minute. It accepts a revoked JWT, a token that was replaced by a refresh, or
   * a token of a deactivated user until it expires (1 h). An opaque token that is younger than 5
   * seconds, or that KV does not have, is checked like `strict`. `strict`: exact, like
   * introspection; costs one Durable Object call and one D1 query. Verification by JWKS is always
   * fast.
   */
  readonly consistency?: "fast" | "strict";
  /** Required scopes, space-separated. */
  readonly scope?: string;
  /** Required audience. A bare origin matches with or without its trailing slash. */
  readonly audience?: string;
}

/** The result of a verification. A value, because exceptions do not cross RPC. */
export type Verification =
  | { readonly kind: "verified"; readonly token: VerifiedToken }
  /**
   * RFC 6750 §3.1: forged, expired, revoked, or for another API. `reason`, for developers: what is
   * wrong, if it is known. It never contains the token.
   */
  | { readonly kind: "invalid_token"; readonly reason?: string }
  /** RFC 6750 §3.1: valid, but without a required scope. `scope` has all that are required. */
  | { readonly kind: "insufficient_scope"; readonly scope: string; readonly reason?: string }
  /**
   * The token could not be checked. Respond with 503, not with `invalid_token`. `problem`, for
   * developers: why, if it is known, for example because the requirements are invalid.
   */
  | { readonly kind: "unavailable"; readonly problem?: string };

/** Verifies tokens: the RPC entrypoint `TokenVerifier`, or public keys (JWKS). */
export interface Verifier {
  verify(token: string, requirements: Requirements): Promise<Verification>;
}

/** Checks a valid token against the requirements of an API. */
export function decide(token: VerifiedToken, requirements: Requirements): Verification {
  const refused = refusalOf(requirements);
  if (refused !== null) return refused;
  const { scope, audience } = requirements;
  if (audience !== undefined && !isFor(audience, token.audience)) {
    return { kind: "invalid_token", reason: audienceReason(audience, token.audience) };
  }
  const required = (scope ?? "").split(" ").filter((name) => name !== "");
  if (required.every((name) => token.scope.includes(name))) return { kind: "verified", token };
  const reason = `the token has the scope "${token.scope.join(" ")}", not "${required.join(" ")}"`;
  return { kind: "insufficient_scope", scope: required.join(" "), reason };
}

function isFor(audience: string, actual: string | null): boolean {
  return actual !== null && findResource(audience, [actual]) !== undefined;
}

/** Why the audience of a token is not the required one, for developers. */
export function audienceReason(audience: string, actual: string | null): string {
  return actual === null
    ? `the token has no audience: register "${audience}" as an audience of its client`
    : `the token is for "${actual}", not for "${audience}"`;
}

/** Valid values. An unknown requirement, or one without a value, must not disable the check. */
const REQUIREMENTS: Readonly<Record<keyof Requirements, readonly [RegExp, expected: string]>> = {
  consistency: [/^(?:fast|strict)$/, '"fast" or "strict"'],
  scope: [/^/, "a string"],
  audience: [/./, "a non-empty string"],
};

/** The problem with requirements from an untyped caller, or null. */
export function problemOf(requirements: unknown): string | null {
  if (typeof requirements !== "object" || requirements === null || Array.isArray(requirements)) {
    return "the requirements must be an object";
  }
  const known: ReadonlyMap<string, readonly [RegExp, string]> = new Map(
    Object.entries(REQUIREMENTS),
  );
  for (const [name, value] of Object.entries(requirements)) {
    const rule = known.get(name);
    if (rule === undefined) {
      return `unknown requirement "${name}"; known: ${[...known.keys()].join(", ")}`;
    }
    const [pattern, expected] = rule;
    if (typeof value !== "string" || !pattern.test(value)) return `${name} must be ${expected}`;
  }
  return null;
}

/** The result for invalid requirements, or null when they are valid. */
export function refusalOf(requirements: unknown): Verification | null {
  const problem = problemOf(requirements);
  return problem === null ? null : { kind: "unavailable", problem };
}
