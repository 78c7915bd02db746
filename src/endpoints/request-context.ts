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
