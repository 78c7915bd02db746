/**
 * Where a request comes from, as the platform itself says: it replaces whatever a caller put there.
 * `X-Forwarded-For` and the like are the caller's own words. Null: a Worker of the same account
 * called and did not pass it on.
 */
export function readAddress(request: Request): string | null {
  return request.headers.get("CF-Connecting-IP");
}

/** The header in which a client with a secret or key names the address of the user it serves. */
export const FORWARDED_FOR = "Tollgate-Forwarded-For";

/** What {@link FORWARDED_FOR} says; only a client that authenticated may be believed. */
export function readForwardedFor(request: Request): string | null {
  return request.headers.get(FORWARDED_FOR)?.trim() || null;
}
