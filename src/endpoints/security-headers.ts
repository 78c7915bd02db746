import { isDevelopment } from "./transport.ts";

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
 * The security headers of a response. A page keeps its own Content-Security-Policy. CORS requests
 * are not affected by `Cross-Origin-Resource-Policy`.
 *
 * @param headers of the response
 * @param url of the request
 */
export function securityHeaders(headers: Headers, url: URL): Readonly<Record<string, string>> {
  const policy = headers.get("Content-Security-Policy");
  const isForAnyone = headers.get("Access-Control-Allow-Origin") === "*";
  // On localhost a browser would apply it to all ports.
  const isPublicHost = url.protocol === "https:" && !isDevelopment(url);
  return {
    ...ALWAYS,
    ...(policy === null ? {} : { "Content-Security-Policy": policy }),
    ...(isForAnyone ? {} : { "Cross-Origin-Resource-Policy": "same-origin" }),
    ...(isPublicHost ? { "Strict-Transport-Security": TRANSPORT_SECURITY } : {}),
  };
}
