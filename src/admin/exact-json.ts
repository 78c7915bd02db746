import { invalid } from "../errors/management-error.ts";
import { parseExactJson } from "../protocol/json.ts";
import { placeOf } from "./entries.ts";

/** The problem with a number that JSON parsers round. */
export const INEXACT_NUMBER = "contains a number that JSON parsers round; write it as a string";

/**
 * Parses JSON and rejects numbers that would be rounded, because a token would contain another
 * number.
 *
 * @throws SyntaxError for invalid JSON
 * @throws ManagementError `invalid` for a number; the message does not quote it
 */
export function readExactJson(text: string): unknown {
  const { value, inexact } = parseExactJson(text);
  if (inexact.length === 0) return value;
  const places = new Set(inexact.map((path) => placeOf(untilClaims(path)) || "file"));
  throw invalid(...[...places].map((place) => `${place}: ${INEXACT_NUMBER}`));
}

/** Cuts a path at `claims`: the names below it come from the caller. */
function untilClaims(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const index = path.indexOf("claims");
  return index === -1 ? path : path.slice(0, index + 1);
}
