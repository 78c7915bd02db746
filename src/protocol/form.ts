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
