/**
 * Where a request comes from, as the platform itself says: it replaces whatever a caller put there.
 * `X-Forwarded-For` and the like are the caller's own words. Null: a Worker of the same account
 * called and did not pass it on.
 */
export function addressOf(request: Request): string | null {
  return request.headers.get("CF-Connecting-IP");
}
