import { invalid } from "../errors/management-error.ts";
import { parseExactJson } from "../protocol/json.ts";
import { placeOf } from "./entries.ts";

/** What is said of a number that cannot be kept as it is written. */
export const INEXACT_NUMBER = "has a number that JSON readers round: write it as a string";

/**
 * Reads JSON whose numbers must be kept as they are written: a token would say another.
 *
 * @throws what `JSON.parse` throws, and ManagementError `invalid` that quotes no number
 */
export function readExactJson(text: string): unknown {
  const { value, inexact } = parseExactJson(text);
  if (inexact.length === 0) return value;
  const places = new Set(inexact.map((path) => placeOf(untilClaims(path)) || "file"));
  throw invalid(...[...places].map((place) => `${place}: ${INEXACT_NUMBER}`));
}

/** Names inside claims are the caller's own. */
function untilClaims(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const index = path.indexOf("claims");
  return index === -1 ? path : path.slice(0, index + 1);
}
