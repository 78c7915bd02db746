/** Schemes whose pages have no origin that a server could know again, or that no page has. */
const WITHOUT_ORIGIN: ReadonlySet<string> = new Set([
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

/** An origin of another scheme, as WebViews and extensions send it: `capacitor://localhost`. */
const OF_OTHER_SCHEME = /^[a-z][a-z0-9+.-]*:\/\/[\w.~-]+(?::\d{1,5})?$/;

/** Longest origin, in characters: a host name has at most 253. */
const ORIGIN_LENGTH_MAX = 300;

/**
 * Reads the origin of a page from its URL: of http or https, or of the schemes that WebViews,
 * desktop shells and browser extensions have for the pages of an app.
 *
 * @returns as the header `Origin` has it, or null for what has none, such as `file:` and wildcards
 */
export function parseOrigin(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || text.length > ORIGIN_LENGTH_MAX || text.includes("*")) return null;
  if (url.protocol === "http:" || url.protocol === "https:") return url.origin;
  const origin = text.replace(/\/$/, "");
  return OF_OTHER_SCHEME.test(origin) && !WITHOUT_ORIGIN.has(url.protocol) ? origin : null;
}
