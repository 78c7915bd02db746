/** Longest URL of a document, in characters: it may be a client id, which tokens contain. */
const URL_LENGTH_MAX = 1024;

/**
 * Last labels of hosts that are on no public network (RFC 6761, RFC 6762, RFC 8375, RFC 9476), and
 * of those that private networks use without registration.
 */
const LOCAL_DOMAINS: ReadonlySet<string> = new Set([
  ...["localhost", "local", "internal", "arpa", "alt", "invalid", "onion", "test"],
  ...["corp", "home", "intranet", "lan", "localdomain", "private"],
]);

/**
 * Validates a URL that the service fetches because a caller named it: the client id of a metadata
 * document (draft-ietf-oauth-client-id-metadata-document §3), or a `jwks_uri`.
 *
 * The URL must be written as browsers normalise it. So there are no dot segments in any spelling,
 * no user name, no backslash and no white space, and an IPv4 address in octal, hexadecimal or as
 * one number is recognised. A host name whose DNS entry is a private address passes: the platform
 * must not route to it, see the compatibility flag `global_fetch_strictly_public`.
 *
 * @param ownHost of this service, which would call itself; null: not checked
 * @returns the problem, which completes a sentence such as "the URL ...", or null
 */
export function problemOfPublicUrl(text: string, ownHost: string | null): string | null {
  const url = URL.parse(text);
  if (url === null) return "is not a URL";
  if (url.protocol !== "https:") return "is not https";
  if (text.length > URL_LENGTH_MAX) return `is longer than ${URL_LENGTH_MAX} characters`;
  if (url.username !== "" || url.password !== "") return "has a user name or a password";
  if (text.includes("#")) return "has a fragment";
  if (url.pathname === "/") return "has no path";
  if (url.href !== text) return `is not normalised; write ${url.href}`;
  return problemOfHost(url, ownHost);
}

function problemOfHost({ host, hostname }: URL, ownHost: string | null): string | null {
  const labels = hostname.split(".");
  const last = labels.at(-1) ?? "";
  // The parser writes every IPv4 address as four decimal numbers, and IPv6 in brackets.
  if (hostname.startsWith("[") || /^\d+$/.test(last)) return "has an address instead of a name";
  if (last === "") return "has a host that ends with a dot";
  if (LOCAL_DOMAINS.has(last) || labels.length === 1) return "has a host of a local network";
  return ownHost === host || ownHost === hostname ? "has the host of this service" : null;
}
