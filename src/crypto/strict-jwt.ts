import { fromBase64Url, fromUtf8 } from "./bytes.ts";

/**
 * Longest JWT that is read or signed, in characters. Room for the longest claims of a client and a
 * user and the longest scope; fits into the 16 KiB of an introspection or revocation request.
 */
export const JWT_LENGTH_MAX = 12_288;

/**
 * Headers that are never valid here: keys in the token itself (RFC 7515 §4.1), and extensions that
 * change what its signature covers (RFC 7797).
 */
const INVALID_HEADERS = ["jku", "jwk", "x5u", "x5c", "crit", "b64"];

/** Numbers, which may have a fraction (RFC 7519 §2). */
const DATES = ["exp", "iat", "nbf"];

/** Also matches an unterminated literal, so that no text causes backtracking. */
const STRING_LITERAL = /"(?:[^"\\]|\\[\s\S]?)*(?:"(\s*:)?|$)/g;

/**
 * Whether a token is a canonical compact JWT that all parsers read alike. RFC 7519 §4 lets a parser
 * use the last of duplicate names; here they are invalid. Does not verify the signature.
 */
export function isStrictJwt(token: string): boolean {
  if (token.length > JWT_LENGTH_MAX) return false;
  const [header, payload, ...rest] = token.split(".").map(fromBase64Url);
  if (rest.length !== 1 || rest[0] === null) return false;
  const [headers, claims] = [readObject(header), readObject(payload)];
  if (headers === null || claims === null) return false;
  if (INVALID_HEADERS.some((name) => Object.hasOwn(headers, name))) return false;
  return DATES.every((name) => !Object.hasOwn(claims, name) || isDate(claims[name]));
}

function isDate(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** @returns null for anything but a JSON object without duplicate names */
function readObject(bytes: Uint8Array | null | undefined): Record<string, unknown> | null {
  const text = bytes ? fromUtf8(bytes) : null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? "");
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const literals = [...(text ?? "").matchAll(STRING_LITERAL)];
  const written = literals.filter(([, colon]) => colon !== undefined).length;
  return written === countNames(parsed) ? (parsed as Record<string, unknown>) : null;
}

/** Without recursion, since the token would determine its depth. */
function countNames(root: object): number {
  let count = 0;
  const values: unknown[] = [root];
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    const members = Object.values(value);
    if (!Array.isArray(value)) count += members.length;
    values.push(...members);
  }
  return count;
}
