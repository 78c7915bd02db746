/** Ends with the text as well: then no text, JSON or not, makes it go back and try again. */
const STRING_LITERAL = /"(?:[^"\\]|\\[\s\S]?)*(?:"|$)/g;

/**
 * Reads a JSON request body that means the same as a form: one flat object of strings.
 *
 * `JSON.parse` keeps only the last of two equal names. In a flat object of strings every string
 * literal is a name or a value, so a repeated name shows as more literals than twice the names.
 *
 * @returns the pairs, or null for anything else: other types, nesting, a repeated name
 */
export function decodeJsonObject(body: string): [name: string, value: string][] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const pairs = Object.entries(parsed);
  if (!pairs.every((pair): pair is [string, string] => typeof pair[1] === "string")) return null;
  // A lone surrogate such as "\ud800" has no UTF-8: encoded, it would equal every other one.
  if (!pairs.flat().every((text) => text.isWellFormed())) return null;
  const literals = body.match(STRING_LITERAL)?.length ?? 0;
  return literals === 2 * pairs.length ? pairs : null;
}
