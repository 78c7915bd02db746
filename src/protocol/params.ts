/** Request parameters by name. An absent name and an empty value are the same (RFC 6749 §3.2). */
export type Params = ReadonlyMap<string, string>;

/** Parameters of endpoints. A grant adds its own; any other name is ignored. */
export const PARAMETER_NAMES: readonly string[] = [
  "grant_type",
  "scope",
  "resource",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "token",
  "token_type_hint",
];

/** Most parameters in one request, including duplicate and unknown ones. */
export const PARAMETERS_MAX = 64;

/** Longest body of an OAuth request, in bytes. */
export const BODY_BYTES_MAX = 16 * 1024;

/** Longest body of the management API, in bytes: claims, origins and 16 keys of a client fit. */
export const JSON_BYTES_MAX = 64 * 1024;

/** Longest user name, or client id of an operator, in characters. */
export const NAME_LENGTH_MAX = 255;

/** Longest id of a client that no operator registered, in characters: it holds its metadata. */
export const CLIENT_ID_LENGTH_MAX = 1024;

/**
 * Whether a credential contains U+0000-U+001F or U+007F. Such a credential is invalid: HMAC pads
 * its key with zeros, so PBKDF2 would accept `secret\0` for `secret`.
 */
export function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for control characters
  return /[\u0000-\u001f\u007f]/.test(text);
}

/**
 * Decodes one name or value of `application/x-www-form-urlencoded`: `+` is a space, `%XX` a byte
 * of UTF-8. A `%` that starts no escape is literal, as in Django.
 * Used for bodies and for the two halves of HTTP Basic (RFC 6749 §2.3.1 and appendix B).
 *
 * @returns the text, or null if the bytes are not UTF-8. (`URLSearchParams` would replace them with
 *   U+FFFD, which would make different passwords equal.)
 */
export function decodeFormComponent(encoded: string): string | null {
  try {
    return encoded.replaceAll("+", " ").replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      return decodeURIComponent(run);
    });
  } catch {
    return null;
  }
}

/**
 * Splits an `application/x-www-form-urlencoded` body into decoded pairs, in order, with duplicates.
 *
 * @returns the pairs, or null if a name or value is not UTF-8
 */
export function decodeForm(body: string): [name: string, value: string][] | null {
  const pairs: [string, string][] = [];
  for (const part of body.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decodeFormComponent(equals === -1 ? part : part.slice(0, equals));
    const value = decodeFormComponent(equals === -1 ? "" : part.slice(equals + 1));
    if (name === null || value === null) return null;
    pairs.push([name, value]);
  }
  return pairs;
}
