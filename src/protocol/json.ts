/** Whether a parsed JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a JSON request body that is equivalent to a form: an object in which known names have
 * strings. Unknown names are ignored as in a form, so their values become empty.
 *
 * @param known the names whose values must be strings
 * @returns the pairs, or null if the body is no object, a known name has another value, or a name
 *   is duplicate
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
  if (!isObject(parsed)) return null;
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(parsed)) {
    const isText = typeof value === "string";
    if (!isText && known.has(name)) return null;
    pairs.push([name, isText ? value : ""]);
  }
  // A lone surrogate such as "\ud800" has no UTF-8: encoded, all of them would be equal.
  if (!pairs.flat().every((text) => text.isWellFormed())) return null;
  return countNames(body) === pairs.length ? pairs : null;
}

/**
 * Counts the names of a JSON object, including duplicates, of which `JSON.parse` keeps the last.
 *
 * @param json valid JSON
 */
function countNames(json: string): number {
  let names = 0;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (isInString) {
      // An escaped character does not end a string.
      if (character === "\\") index += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === ":" && depth === 1) names += 1;
  }
  return names;
}

/** A parsed JSON text, and the numbers that could not be kept exactly. */
export interface ExactJson {
  readonly value: unknown;
  /** Paths of numbers that lost digits, such as 9007199254740993. If any, do not use `value`. */
  readonly inexact: readonly (readonly PropertyKey[])[];
}

/** Only such a text can have a number that loses digits: up to 15 always fit into a double. */
const MAY_BE_INEXACT = /(?:\d\.?){16}|\d[eE]/;

/** Marks a number that lost digits. */
const INEXACT = Symbol("inexact");

/** Longest number that can be exact, in characters; a double prints in fewer. */
const NUMBER_LENGTH_MAX = 100;

/** `JSON.parse` that reports numbers that lost digits. @throws what `JSON.parse` throws */
export function parseExactJson(text: string): ExactJson {
  if (!MAY_BE_INEXACT.test(text)) return { value: JSON.parse(text), inexact: [] };
  const value = JSON.parse(text, (_, parsed: unknown, context?: { source?: string }) => {
    if (typeof parsed !== "number" || context?.source === undefined) return parsed;
    return isExact(parsed, context.source) ? parsed : INEXACT;
  });
  return { value, inexact: findPaths(INEXACT, value) };
}

function isExact(number: number, source: string): boolean {
  if (!Number.isFinite(number) || source.length > NUMBER_LENGTH_MAX) return false;
  return normalizeDecimal(String(number)) === normalizeDecimal(source);
}

/** The canonical form of a decimal number: digits without outer zeros, and a power of ten. */
function normalizeDecimal(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.slice(0, lengthWithoutZeros(digits));
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant === "" ? "0" : `${sign}${significant}e${power}`;
}

/** A loop, since a regular expression for trailing zeros is slow on zeros elsewhere. */
function lengthWithoutZeros(digits: string): number {
  let length = digits.length;
  while (digits[length - 1] === "0") length -= 1;
  return length;
}

function findPaths(wanted: unknown, root: unknown): PropertyKey[][] {
  const paths: PropertyKey[][] = [];
  const waiting: [value: unknown, path: PropertyKey[]][] = [[root, []]];
  for (const [value, path] of waiting) {
    if (value === wanted) paths.push(path);
    if (typeof value !== "object" || value === null) continue;
    for (const [name, member] of Object.entries(value)) {
      waiting.push([member, [...path, Array.isArray(value) ? Number(name) : name]]);
    }
  }
  return paths;
}
