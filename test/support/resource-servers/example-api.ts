/** An API of `examples/`, running. */
export interface ExampleApi {
  /** Of its things: reading needs the scope `read`, deleting `write`. */
  readonly url: string;
  stop(): Promise<unknown>;
}

/** The API that the tokens of the examples are for, and one that they are not for. */
export const AUDIENCE = "https://api.example.com";
export const OTHER_AUDIENCE = "https://other.example.com";

/** What an API answers to a bearer of a token, as far as RFC 6750 says. */
interface BearerAnswer {
  readonly status: number;
  readonly challenge: string | null;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** Calls an API with an `Authorization` header, or without any. */
export async function callWith(
  authorization: string | null,
  url: string,
  init: RequestInit = {},
): Promise<BearerAnswer> {
  const headers = new Headers(init.headers);
  if (authorization !== null) headers.set("Authorization", authorization);
  const response = await fetch(url, { ...init, headers });
  return {
    status: response.status,
    challenge: response.headers.get("WWW-Authenticate"),
    retryAfter: response.headers.get("Retry-After"),
    body: await response.text(),
  };
}

/** Calls an API with a token in the header. */
export function callAs(token: string, url: string, init: RequestInit = {}): Promise<BearerAnswer> {
  return callWith(`Bearer ${token}`, url, init);
}

/** Answers of RFC 6750 §3 that every example gives. */
export const NO_CREDENTIALS = { status: 401, challenge: 'Bearer realm="api"', retryAfter: null };
export const INVALID_REQUEST = refusal(400, 'error="invalid_request"');
export const INVALID_TOKEN = refusal(401, 'error="invalid_token"');
export const INSUFFICIENT_SCOPE = refusal(403, 'error="insufficient_scope", scope="write"');
export const GOOD = { status: 200, challenge: null, retryAfter: null };

/** The token could not be checked, which says nothing about it. */
export const UNAVAILABLE = { status: 503, challenge: null, retryAfter: "1" };

function refusal(status: number, attributes: string) {
  return { status, challenge: `Bearer realm="api", ${attributes}`, retryAfter: null };
}
