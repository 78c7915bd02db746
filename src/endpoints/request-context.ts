/** A request, what is read of every request, and its CORS state. */
export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  /** The issuer identifier (RFC 8414 §2): the setting `ISSUER`, or the origin of the URL. */
  readonly issuerUrl: string;
  /**
   * The caller's address from the platform, which overwrites the header `CF-Connecting-IP`.
   * `X-Forwarded-For` and the like can be forged. Null: a Worker of the same account called and did
   * not forward it.
   */
  readonly address: string | null;
  /** The origin of the calling page; null: no page calls, or pages may not call. */
  readonly origin: string | null;
  /**
   * Whether that page may read the response; null: not looked up yet. A property and not a return
   * value, since error responses need it too.
   */
  isOriginAllowed: boolean | null;
}

/**
 * The header in which a confidential client sends the address of its user. Trust it only from an
 * authenticated client.
 */
export const FORWARDED_FOR = "Tollgate-Forwarded-For";
