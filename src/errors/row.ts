import type { ErrorCode } from "./codes.ts";

/** What a caller sees of an error. */
export interface WireError {
  readonly status: number;
  /** RFC 6749 §5.2. In the management API, the end of the problem's `type`. */
  readonly error: ErrorCode;
  /**
   * Constant, so that reasons which a client must not tell apart have the same bytes. Absent where
   * each response says it in its own words.
   */
  readonly description?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One row of the catalogue: all that there is to say about one reason. The texts are Markdown, for
 * docs/errors.md and the command `explain`.
 */
export interface ErrorRow extends WireError {
  /** What happened. */
  readonly meaning: string;
  /** What the developer of the client does about it. */
  readonly fix: string;
  /** What the operator does, where that is more than to wait for the client's fix. */
  readonly operator?: string;
}

/** The rows of one topic, by reason. */
export type ErrorRows = Readonly<Record<string, ErrorRow>>;

/** How soon a client may retry, in seconds, where the error does not know better. */
export const RETRY_AFTER = { "Retry-After": "1" } as const;

/** The wire facts of a malformed request. */
export function invalidRequest(description: string, status = 400): WireError {
  return { status, error: "invalid_request", description };
}

/** The wire facts of every client that fails to authenticate. */
export const INVALID_CLIENT: WireError = {
  status: 401,
  error: "invalid_client",
  description: "Client authentication failed.",
  // DOT's clients look for the second challenge.
  headers: { "WWW-Authenticate": 'Basic realm="tollgate", Bearer error="invalid_client"' },
};
