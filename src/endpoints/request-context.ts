/** A request and its CORS state. */
export interface RequestContext {
  readonly request: Request;
  /** The origin of the calling page; null: no page calls, or pages may not call. */
  readonly origin: string | null;
  /**
   * Whether that page may read the response; null: not looked up yet. A property and not a return
   * value, since error responses need it too.
   */
  isOriginAllowed: boolean | null;
}

/**
 * The caller's address from the platform, which overwrites this header. `X-Forwarded-For` and the
 * like can be forged. Null: a Worker of the same account called and did not forward it.
 */
export function readAddress(request: Request): string | null {
  return request.headers.get("CF-Connecting-IP");
}

/** The header in which a confidential client sends the address of its user. */
export const FORWARDED_FOR = "Tollgate-Forwarded-For";

/** The value of {@link FORWARDED_FOR}. Trust it only from an authenticated client. */
export function readForwardedFor(request: Request): string | null {
  return request.headers.get(FORWARDED_FOR)?.trim() || null;
}
