/** Disables caching: for all responses with or about credentials (RFC 6749 §5.1). */
export const NO_STORE = { "Cache-Control": "no-store", Pragma: "no-cache" } as const;

/** How long public responses may be cached, in seconds. Shorter than any key rotation. */
const PUBLIC_MAX_AGE_SECONDS = 300;

/** Allows caching, and reading by all pages. */
export const PUBLIC = {
  "Access-Control-Allow-Origin": "*",
  "Cache-Control": `public, max-age=${PUBLIC_MAX_AGE_SECONDS}`,
} as const;

/** Builds a JSON response that is not cached. */
export function json(body: unknown, status = 200, headers: HeadersInit = {}): Response {
  return respond(JSON.stringify(body), status, {
    ...NO_STORE,
    "Content-Type": "application/json",
    ...headers,
  });
}

/** Builds an error response (RFC 9457) that is not cached. */
export function problem(body: unknown, status: number, headers: HeadersInit = {}): Response {
  return json(body, status, { "Content-Type": "application/problem+json", ...headers });
}

/** Builds a response without body and content type that is not cached. */
export function empty(status: number, headers: HeadersInit = {}): Response {
  return respond(null, status, { ...NO_STORE, ...headers });
}

/** Builds a public, cacheable JSON response. */
export function publicJson(body: unknown, headers: HeadersInit = {}): Response {
  return respond(JSON.stringify(body), 200, {
    ...PUBLIC,
    "Content-Type": "application/json",
    ...headers,
  });
}

/** Builds a page. @param headers all headers */
export function html(body: string | null, status: number, headers: HeadersInit): Response {
  return respond(body, status, headers);
}

/** Sends a browser elsewhere, with cookies. */
export function redirect(location: string, status: 302 | 303, setCookies: readonly string[]) {
  const headers = new Headers({ ...NO_STORE, Location: location });
  for (const cookie of setCookies) headers.append("Set-Cookie", cookie);
  return respond(null, status, headers);
}

/** Builds a public, cacheable page. */
export function publicHtml(body: string, headers: HeadersInit = {}): Response {
  return respond(body, 200, {
    ...PUBLIC,
    "Content-Type": "text/html; charset=utf-8",
    ...headers,
  });
}

function respond(body: string | null, status: number, headers: HeadersInit): Response {
  return new Response(body, { status, headers });
}
