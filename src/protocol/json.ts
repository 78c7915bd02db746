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
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (isInString) {
      // What is escaped neither ends a string nor begins one.
      if (character === "\\") index += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === ":" && depth === 1) names += 1;
  }
  return names;
}

/** A JSON text as it was read, and where a number in it is not the number that was read. */
export interface ExactJson {
  readonly value: unknown;
  /** Paths of numbers that lost digits, such as 9007199254740993; `value` is no use then. */
  readonly inexact: readonly (readonly PropertyKey[])[];
}

/** No other text has a number that loses digits: up to 15 of them always fit into a double. */
const MAY_BE_INEXACT = /(?:\d\.?){16}|\d[eE]/;

/** Replaces a number that lost digits. */
const INEXACT = Symbol("inexact");

/** Longest number that is looked at, in characters; a double prints in fewer. */
const NUMBER_LENGTH_MAX = 100;

/** `JSON.parse` that tells which numbers it could not keep. @throws what `JSON.parse` throws */
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

/** The one spelling of a decimal number: its digits without outer zeros, and a power of ten. */
function normalizeDecimal(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.slice(0, lengthWithoutZeros(digits));
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return significant === "" ? "0" : `${sign}${significant}e${power}`;
}

/** An expression for zeros at an end is slow on zeros elsewhere. */
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
