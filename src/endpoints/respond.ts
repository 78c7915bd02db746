/** Kept by nobody: what every answer with credentials or about them says (RFC 6749 §5.1). */
const NO_STORE = { "Cache-Control": "no-store", Pragma: "no-cache" } as const;

/** Builds a JSON answer that no cache keeps. */
export function json(body: unknown, status = 200, headers: HeadersInit = {}): Response {
  const response = new Response(JSON.stringify(body), { status, headers });
  response.headers.set("Content-Type", "application/json");
  for (const [name, value] of Object.entries(NO_STORE)) response.headers.set(name, value);
  return response;
}

/** Builds an answer without a body, and so without a content type, that no cache keeps. */
export function empty(status: number, headers: HeadersInit = {}): Response {
  const response = new Response(null, { status, headers });
  for (const [name, value] of Object.entries(NO_STORE)) response.headers.set(name, value);
  return response;
}
