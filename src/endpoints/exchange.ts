/** A request, and what is learned on the way to its answer. */
export interface Exchange {
  readonly request: Request;
  /** Of the page that asks, where pages may; null: none asks, or none may. */
  readonly origin: string | null;
  /** Whether that page may read the answer; null: nothing was looked up yet. */
  isOriginAllowed: boolean | null;
}
