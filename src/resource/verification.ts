/** An access token that was found good, as an API sees it. */
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
  /** Nobody could tell. Say 503; do not say that the token is bad. */
  | { readonly kind: "unavailable" };

/** Whatever can verify a token: the RPC entrypoint `TokenVerifier`, or keys fetched by JWKS. */
export interface Verifier {
  verify(token: string, requirements: Requirements): Promise<Verification>;
}

/** Holds a good token against what an API requires. */
export function decide(token: VerifiedToken, requirements: Requirements): Verification {
  if (!areUsable(requirements)) return { kind: "unavailable" };
  const { scope, audience } = requirements;
  if (audience !== undefined && token.audience !== audience) return { kind: "invalid_token" };
  const required = (scope ?? "").split(" ").filter((name) => name !== "");
  const isGranted = required.every((name) => token.scope.includes(name));
  return isGranted
    ? { kind: "verified", token }
    : { kind: "insufficient_scope", scope: required.join(" ") };
}

/**
 * Whether what is required can be told. A requirement that is named and has no value, as from a
 * missing variable of the environment, must not pass for none.
 */
export function areUsable(requirements: Requirements): boolean {
  const names = ["scope", "audience"] as const;
  const named = names.filter((name) => Object.hasOwn(requirements, name));
  return (
    named.every((name) => typeof requirements[name] === "string") && requirements.audience !== ""
  );
}
