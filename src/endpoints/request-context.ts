/** A request, and what is learned of it on the way to its response. */
export interface RequestContext {
  readonly request: Request;
  /** Of the page that calls, where pages may; null: no page calls, or none may. */
  readonly origin: string | null;
  /**
   * Whether that page may read the response; null: nothing was looked up yet. Set here and not
   * returned, since a response to a failed request needs it too.
   */
  isOriginAllowed: boolean | null;
}
