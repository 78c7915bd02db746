/** Kept by nobody: what every answer with credentials or about them says (RFC 6749 §5.1). */
export const NO_STORE = { "Cache-Control": "no-store", Pragma: "no-cache" } as const;

/** How long anybody may keep what is public, in seconds. Below any sensible key rotation. */
const PUBLIC_MAX_AGE_SECONDS = 300;

/** What every answer says that anybody may keep, and read from any page. */
export const PUBLIC = {
  "Access-Control-Allow-Origin": "*",
  "Cache-Control": `public, max-age=${PUBLIC_MAX_AGE_SECONDS}`,
} as const;

/** Builds a JSON answer that no cache keeps. */
export function json(body: unknown, status = 200, headers: HeadersInit = {}): Response {
  return respond(JSON.stringify(body), status, {
    ...NO_STORE,
    "Content-Type": "application/json",
    ...headers,
  });
}

/** Builds an answer to a request that failed (RFC 9457), which no cache keeps. */
export function problem(body: unknown, status: number, headers: HeadersInit = {}): Response {
  return json(body, status, { "Content-Type": "application/problem+json", ...headers });
}

/** Builds an answer without a body, and so without a content type, that no cache keeps. */
export function empty(status: number, headers: HeadersInit = {}): Response {
  return respond(null, status, { ...NO_STORE, ...headers });
}

/** Builds a JSON answer for anyone, from any origin, for a while. */
export function publicJson(body: unknown, headers: HeadersInit = {}): Response {
  return respond(JSON.stringify(body), 200, {
    ...PUBLIC,
    "Content-Type": "application/json",
    ...headers,
  });
}

/** Builds a page. @param headers all of them */
export function html(body: string | null, status: number, headers: HeadersInit): Response {
  return respond(body, status, headers);
}

/** Builds a page for anyone, for a while. */
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
