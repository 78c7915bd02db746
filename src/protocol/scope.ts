/**
 * A set of scope tokens in a stable order, each one non-empty VSCHAR without `"` and `\`
 * (RFC 6749 §3.3). Case-sensitive.
 */
export type Scope = readonly string[];

/** Most tokens in one scope. */
export const SCOPE_TOKENS_MAX = 100;

/** Longest scope, in characters: every refresh token contains it. */
export const SCOPE_LENGTH_MAX = 2000;

/** Tokens separated by spaces. */
const SCOPE_TEXT = /^[ \x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Reads a `scope` parameter: tokens separated by spaces. Duplicates are dropped; leading, trailing
 * and repeated spaces are allowed, as in DOT.
 *
 * @example
 * parseScope("read write read"); // ["read", "write"]
 *
 * @returns the tokens in order of first appearance, or null if it is too long or malformed
 */
export function parseScope(text: string): Scope | null {
  if (text.length > SCOPE_LENGTH_MAX || !SCOPE_TEXT.test(text)) return null;
  const tokens = new Set(text.split(" ").filter((token) => token !== ""));
  return tokens.size > SCOPE_TOKENS_MAX ? null : [...tokens];
}

/** Formats a scope: tokens joined by one space. */
export function formatScope(scope: Scope): string {
  return scope.join(" ");
}

/** Whether every token of `inner` is also in `outer`. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  const allowed = new Set(outer);
  return inner.every((token) => allowed.has(token));
}
