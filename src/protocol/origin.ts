/** Schemes whose pages have no stable origin, and schemes that no page has. */
export const WITHOUT_ORIGIN: ReadonlySet<string> = new Set([
  "about:",
  "blob:",
  "data:",
  "file:",
  "filesystem:",
  "ftp:",
  "javascript:",
  "ws:",
  "wss:",
]);

/** An origin of another scheme, from a WebView or extension: `capacitor://localhost`. */
const OF_OTHER_SCHEME = /^[a-z][a-z0-9+.-]*:\/\/[\w.~-]+(?::\d{1,5})?$/;

/** Longest origin, in characters; a host name has at most 253. */
const ORIGIN_LENGTH_MAX = 300;

/**
 * Reads the origin of a page from its URL: http, https, or a scheme of WebViews, desktop shells and
 * browser extensions.
 *
 * @returns the value of the header `Origin`, or null if there is none, as for `file:` and wildcards
 */
export function parseOrigin(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || text.length > ORIGIN_LENGTH_MAX || text.includes("*")) return null;
  if (url.protocol === "http:" || url.protocol === "https:") return url.origin;
  const origin = text.replace(/\/$/, "");
  return OF_OTHER_SCHEME.test(origin) && !WITHOUT_ORIGIN.has(url.protocol) ? origin : null;
}
