/** A valid access token, as an API sees it. */
export interface VerifiedToken {
  readonly clientId: string;
  /** The user's id, or null when the client acts for itself. */
  readonly subject: string | null;
  readonly scope: readonly string[];
  /** The API that the token is for, or null where none is named. */
  readonly audience: string | null;
  /** What the operator says of client and user, such as roles. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** What an API requires of a token. */
export interface Requirements {
  /**
   * How exactly to tell. `fast` (default): from KV alone, or from a JWT's signature. A revoked
   * opaque token may pass for about a minute; a revoked JWT, and any token that was rotated away or
   * whose user was deactivated, until it expires (an hour). `strict`: exact, as introspection is;
   * one Durable Object call and one D1 query. Keys fetched by JWKS are always fast.
   */
  readonly consistency?: "fast" | "strict";
  /** Every one of these, space-separated. */
  readonly scope?: string;
  /** The token must be for exactly this API. */
  readonly audience?: string;
}

/** The answer to "is this token good for this?". A value, because exceptions do not cross RPC. */
export type Verification =
  | { readonly kind: "verified"; readonly token: VerifiedToken }
  /** RFC 6750 §3.1: forged, expired, revoked, or for another API. */
  | { readonly kind: "invalid_token" }
  /** RFC 6750 §3.1: good, but not for this. */
  | { readonly kind: "insufficient_scope"; readonly scope: string }
  /**
   * It cannot be told. Answer 503; do not say that the token is invalid. `problem`: what is wrong
   * with the requirements, for a developer; otherwise something failed.
   */
  | { readonly kind: "unavailable"; readonly problem?: string };

/** Whatever can verify a token: the RPC entrypoint `TokenVerifier`, or keys fetched by JWKS. */
export interface Verifier {
  verify(token: string, requirements: Requirements): Promise<Verification>;
}

/** Holds a valid token against what an API requires. */
export function decide(token: VerifiedToken, requirements: Requirements): Verification {
  const refused = refusalOf(requirements);
  if (refused !== null) return refused;
  const { scope, audience } = requirements;
  if (audience !== undefined && token.audience !== audience) return { kind: "invalid_token" };
  const required = (scope ?? "").split(" ").filter((name) => name !== "");
  const isGranted = required.every((name) => token.scope.includes(name));
  return isGranted
    ? { kind: "verified", token }
    : { kind: "insufficient_scope", scope: required.join(" ") };
}

/** What each requirement may be: one that is unknown, or has no value, must not pass for none. */
const REQUIREMENTS: Readonly<Record<keyof Requirements, readonly [RegExp, expected: string]>> = {
  consistency: [/^(?:fast|strict)$/, '"fast" or "strict"'],
  scope: [/^/, "a string"],
  audience: [/./, "a string that is not empty"],
};

/** Says what is wrong with requirements, whatever a caller without types sent; null: nothing. */
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
      return `unknown requirement "${name}": there are ${[...known.keys()].join(", ")}`;
    }
    const [pattern, expected] = rule;
    if (typeof value !== "string" || !pattern.test(value)) return `${name} must be ${expected}`;
  }
  return null;
}

/** The answer to requirements that cannot be checked, or null when they can. */
export function refusalOf(requirements: unknown): Verification | null {
  const problem = problemOf(requirements);
  return problem === null ? null : { kind: "unavailable", problem };
}
