/** Longest identifier of an API, in bytes: a refresh token contains it with the longest scope. */
export const RESOURCE_BYTES_MAX = 400;

/** Most APIs for every client: each request that names one compares all. */
export const RESOURCES_MAX = 100;

/** An origin and the one slash that parsers of URLs add to it. */
const BARE_ORIGIN = /^([a-z][a-z\d+.-]*:\/\/[^/?#]+)\/$/i;

/** Whether a text can identify an API: an absolute URI without a fragment (RFC 8707 §2). */
export function isResource(text: string): boolean {
  return URL.canParse(text) && !/[\s#\p{Cc}\p{Cs}]/u.test(text);
}

/**
 * Finds an API by its identifier. The bytes must be equal, except that an origin may have a slash
 * at its end or not: MCP clients send `https://api.example.com` as `https://api.example.com/`,
 * because they parse and serialise it.
 *
 * @returns its spelling among the known ones, or undefined
 */
export function findResource(sent: string, known: readonly string[]): string | undefined {
  if (known.includes(sent)) return sent;
  const wanted = withoutOriginSlash(sent);
  return known.find((resource) => withoutOriginSlash(resource) === wanted);
}

/** The spellings of an API that {@link findResource} does not tell apart. */
export function spellingsOf(resource: string): readonly string[] {
  const bare = withoutOriginSlash(resource);
  return BARE_ORIGIN.test(`${bare}/`) ? [bare, `${bare}/`] : [resource];
}

function withoutOriginSlash(resource: string): string {
  return resource.replace(BARE_ORIGIN, "$1");
}
