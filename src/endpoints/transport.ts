import { Refusal } from "../errors/refusal.ts";

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
export function isDevelopment({ hostname }: URL): boolean {
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
