import { isDevelopment } from "./transport.ts";

/** JSON loads nothing, is shown in no frame, and is never taken for anything else. */
const ALWAYS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/**
 * A year, and this host name alone: other names below it, or the whole domain if it stands at its
 * top, are not the service's to close (RFC 6797 §6.1.2).
 */
const TRANSPORT_SECURITY = "max-age=31536000";

/**
 * What browsers are told of every answer, whatever it is; a page keeps the policy that it has.
 * Answers for other hosts' pages go by CORS, which `Cross-Origin-Resource-Policy` does not touch.
 *
 * @param headers those that the answer has without
 * @param url of the request
 */
export function securityHeaders(headers: Headers, url: URL): Readonly<Record<string, string>> {
  const policy = headers.get("Content-Security-Policy");
  const isForAnyone = headers.get("Access-Control-Allow-Origin") === "*";
  // A browser would take it for every port of a developer's machine.
  const isPublicHost = url.protocol === "https:" && !isDevelopment(url);
  return {
    ...ALWAYS,
    ...(policy === null ? {} : { "Content-Security-Policy": policy }),
    ...(isForAnyone ? {} : { "Cross-Origin-Resource-Policy": "same-origin" }),
    ...(isPublicHost ? { "Strict-Transport-Security": TRANSPORT_SECURITY } : {}),
  };
}
