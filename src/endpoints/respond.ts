/**
 * What HTTP asks of every endpoint: how responses are built and cached, their security headers, and
 * that none is given without TLS.
 */
import { Refusal } from "../errors/refusal.ts";

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

/**
 * Suffixes of names in private networks: reserved ones (RFC 6761 §6, 6762 §3, 8375; ICANN), those
 * of home routers, and Tailscale's. None can be routed to a Worker.
 */
const PRIVATE_ENDINGS = [
  ".localhost",
  ".local",
  ".test",
  ".internal",
  ".lan",
  ".home.arpa",
  ".ts.net",
];

/** Loopback, private and link-local IPv4 (RFC 1122 §3.2.1.3, 1918 §3, 3927 §2.1). */
const PRIVATE_IPV4 =
  /^(?:(?:10|127)\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.\d+\.\d+$|^0\.0\.0\.0$/;

/** Shared IPv4 of carriers and VPNs (RFC 6598 §7). */
const SHARED_IPV4 = /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/;

/** Loopback, unique local and link-local IPv6 (RFC 4291 §2.5, 4193 §3.1), as in a parsed URL. */
const PRIVATE_IPV6 = /^\[(?:::1?|f[cd][\da-f]{2}:[\da-f:]*|fe[89ab][\da-f]:[\da-f:]*)\]$/;

/**
 * Requires TLS (RFC 6749 §3.2), except in private networks, for which there are no public
 * certificates: development. Does not redirect: credentials sent without TLS are exposed already,
 * and the client would keep sending them.
 *
 * @throws Refusal `insecure_transport`
 */
export function requireHttps(url: URL): void {
  if (url.protocol !== "https:" && !isDevelopment(url)) throw new Refusal("insecure_transport");
}

/**
 * Whether a URL names this machine, one in a private network, or a host without public DNS. Never
 * true when deployed, since Cloudflare routes by host name and none of these can be a zone.
 */
function isDevelopment({ hostname }: URL): boolean {
  const isPrivate = [PRIVATE_IPV4, SHARED_IPV4, PRIVATE_IPV6].some((range) => range.test(hostname));
  if (isPrivate) return true;
  const name = hostname.replace(/\.$/, "");
  return !/[.:]/.test(name) || PRIVATE_ENDINGS.some((ending) => name.endsWith(ending));
}

/** For JSON: loads nothing, cannot be framed, and is not sniffed as another type. */
const ALWAYS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/**
 * A year, without `includeSubDomains` (RFC 6797 §6.1.2): subdomains may belong to other services
 * that do not use TLS.
 */
const TRANSPORT_SECURITY = "max-age=31536000";

/**
 * The security headers of a response. A page keeps its own policies. CORS requests
 * are not affected by `Cross-Origin-Resource-Policy`.
 *
 * @param headers of the response
 * @param url of the request
 */
export function securityHeaders(headers: Headers, url: URL): Readonly<Record<string, string>> {
  const policy = headers.get("Content-Security-Policy");
  const referrerPolicy = headers.get("Referrer-Policy");
  const isForAnyone = headers.get("Access-Control-Allow-Origin") === "*";
  // On localhost a browser would apply it to all ports.
  const isPublicHost = url.protocol === "https:" && !isDevelopment(url);
  return {
    ...ALWAYS,
    ...(policy === null ? {} : { "Content-Security-Policy": policy }),
    ...(referrerPolicy === null ? {} : { "Referrer-Policy": referrerPolicy }),
    ...(isForAnyone ? {} : { "Cross-Origin-Resource-Policy": "same-origin" }),
    ...(isPublicHost ? { "Strict-Transport-Security": TRANSPORT_SECURITY } : {}),
  };
}
