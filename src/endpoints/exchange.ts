/** A request, and what is learned on the way to its answer. */
export interface Exchange {
  readonly request: Request;
  /** Browser origins of the client that the request names. */
  allowedOrigins: readonly string[];
}
