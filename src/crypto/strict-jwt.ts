import { fromBase64Url, fromUtf8 } from "./bytes.ts";

/**
 * Longest JWT that is read or signed, in characters. Room for the longest claims of a client and of
 * a user and the longest scope; it fits into the 16 KiB of a request to introspect or revoke it.
 */
export const JWT_LENGTH_MAX = 12_288;

/**
 * Headers that no JWT here has: keys that the token brings along (RFC 7515 §4.1), and extensions
 * that change what its signature covers (RFC 7797).
 */
const REFUSED_HEADERS = ["jku", "jwk", "x5u", "x5c", "crit", "b64"];

/** Numbers, which may have a fraction (RFC 7519 §2). */
const DATES = ["exp", "iat", "nbf"];

/** Ends with the text as well: then no text makes it go back and try again. */
const STRING_LITERAL = /"(?:[^"\\]|\\[\s\S]?)*(?:"(\s*:)?|$)/g;

/**
 * Whether a token is a JWT in compact form, in its one spelling, that no two readers understand
 * differently. RFC 7519 §4 lets a reader take the last of two equal names; this refuses them.
 * Says nothing about its signature.
 */
export function isStrictJwt(token: string): boolean {
  if (token.length > JWT_LENGTH_MAX) return false;
  const [header, payload, ...rest] = token.split(".").map(fromBase64Url);
  if (rest.length !== 1 || rest[0] === null) return false;
  const [headers, claims] = [readObject(header), readObject(payload)];
  if (headers === null || claims === null) return false;
  if (REFUSED_HEADERS.some((name) => Object.hasOwn(headers, name))) return false;
  return DATES.every((name) => !Object.hasOwn(claims, name) || isDate(claims[name]));
}

function isDate(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** @returns null for anything but a JSON object in which each name stands once */
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

/** Without recursion, whose depth the token would choose. */
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
