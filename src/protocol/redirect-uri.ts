import { WITHOUT_ORIGIN } from "./origin.ts";

/** How a redirect URI reaches its client. */
export type RedirectKind = "https" | "loopback" | "custom_scheme";

/** Longest redirect URI, in characters. */
const REDIRECT_URI_LENGTH_MAX = 2000;

/** Schemes that run or show content of the URI itself, or open another program in its place. */
const UNSAFE_SCHEMES: ReadonlySet<string> = new Set([
  ...WITHOUT_ORIGIN,
  ...["mailto:", "vbscript:", "view-source:"],
]);

/** The three spellings of this computer (RFC 8252 §7.3), with a port or without. */
const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?(?=[/?]|$)/;

/** One label in place of the first one of a host, for preview deployments. */
const PATTERN = /^https:\/\/\*\.[a-z\d-]+(?:\.[a-z\d-]+)+(?::\d{1,5})?(?=[/?]|$)/;

/** A label that may replace the star: no dots, so no other host. */
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;

/**
 * Classifies a URI to which codes may be sent (RFC 6749 §3.1.2, RFC 8252 §7).
 *
 * @returns null for a URI that is never allowed: one that is not absolute, has a fragment, a user
 *   name, white space or a backslash, an unsafe scheme, or http to another computer
 */
export function classifyRedirectUri(uri: string): RedirectKind | null {
  const url = URL.parse(uri);
  if (url === null || uri.length > REDIRECT_URI_LENGTH_MAX) return null;
  // Visible ASCII alone: browsers remove tabs and line feeds, and read a backslash as a slash.
  if (!/^[\x21-\x7e]+$/.test(uri) || /[\\#"<>^`{|}]/.test(uri)) return null;
  if (url.username !== "" || url.password !== "" || UNSAFE_SCHEMES.has(url.protocol)) return null;
  if (LOOPBACK.test(uri)) return "loopback";
  if (url.protocol === "http:") return null;
  if (url.protocol !== "https:") return "custom_scheme";
  // `https:app.example` and `https:/app.example` are parsed too, but are not the same bytes.
  return uri.startsWith(`https://${url.host}`) ? "https" : null;
}

/** Whether a text is a pattern of redirect URIs, such as `https://*.app.example/callback`. */
export function isRedirectPattern(text: string): boolean {
  // The matching replaces one star.
  if (text.indexOf("*") !== text.lastIndexOf("*")) return false;
  return PATTERN.test(text) && classifyRedirectUri(text.replace("*", "x")) === "https";
}

/**
 * Whether a registered URI allows the one of a request: the same bytes, except the port of a
 * loopback URI, which a native app chooses when it starts (RFC 8252 §7.3).
 */
export function matchesRedirectUri(registered: string, uri: string): boolean {
  return uri === registered || withoutLoopbackPort(uri) === withoutLoopbackPort(registered);
}

/** Whether a pattern allows a URI. Everything but the one label is compared byte by byte. */
export function matchesRedirectPattern(pattern: string, uri: string): boolean {
  const [before = "", after = ""] = pattern.split("*");
  if (!uri.startsWith(before) || !uri.endsWith(after)) return false;
  return LABEL.test(uri.slice(before.length, uri.length - after.length));
}

function withoutLoopbackPort(uri: string): string {
  return uri.replace(LOOPBACK, "$1");
}

/** Adds parameters to a redirect URI, whose own bytes stay as they are (RFC 6749 §4.1.2). */
export function addToRedirectUri(
  uri: string,
  parameters: Readonly<Record<string, string | null>>,
): string {
  const present = Object.entries(parameters).filter((pair) => pair[1] !== null);
  if (present.length === 0) return uri;
  const query = new URLSearchParams(present as [string, string][]).toString();
  const separator = uri.includes("?") ? (/[?&]$/.test(uri) ? "" : "&") : "?";
  return uri + separator + query;
}

/** Where a redirect URI leads, for people: an app gets each URI of its scheme, with any host. */
export function destinationOf(uri: string): string {
  return classifyRedirectUri(uri) === "custom_scheme" ? new URL(uri).protocol : redirectHostOf(uri);
}

/** The host of a redirect URI, or its scheme if it has none. */
export function redirectHostOf(uri: string): string {
  const { host, protocol } = new URL(uri);
  return host === "" ? protocol : host;
}
