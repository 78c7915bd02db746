/** What tells names from values in valid JSON: strings, colons and nesting. */
const STRUCTURE = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Reads a JSON request body that means the same as a form: one object, whose known names have
 * strings. Any other name is ignored whatever its value, as in a form: its value reads as empty,
 * which is omitted.
 *
 * @param known the names whose values must be strings
 * @returns the pairs, or null for anything else: no object, a known name with another value, a
 *   repeated name
 */
export function decodeJsonObject(
  body: string,
  known: ReadonlySet<string>,
): [name: string, value: string][] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(parsed)) {
    const isText = typeof value === "string";
    if (!isText && known.has(name)) return null;
    pairs.push([name, isText ? value : ""]);
  }
  // A lone surrogate such as "\ud800" has no UTF-8: encoded, it would equal every other one.
  if (!pairs.flat().every((text) => text.isWellFormed())) return null;
  return countNames(body) === pairs.length ? pairs : null;
}

/**
 * Counts the names of a JSON object, repeated ones too, of which `JSON.parse` keeps only the last.
 *
 * @param json valid JSON
 */
function countNames(json: string): number {
  let names = 0;
  let depth = 0;
  for (const [token] of json.matchAll(STRUCTURE)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token === ":" && depth === 1) names += 1;
  }
  return names;
}
