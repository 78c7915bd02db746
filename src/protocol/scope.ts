/**
 * A set of scope tokens in a stable order, each one non-empty VSCHAR without `"` and `\`
 * (RFC 6749 §3.3). Case-sensitive.
 */
export type Scope = readonly string[];

/** Most scope tokens in one list; with the body's 16 KiB this bounds every loop over a scope. */
export const SCOPE_TOKENS_MAX = 100;

/** Longest scope, in characters: it travels in every refresh token. */
export const SCOPE_LENGTH_MAX = 2000;

/** Tokens with spaces between. */
const SCOPE_TEXT = /^[ \x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Reads a `scope` parameter: tokens separated by spaces, repeated ones counted once.
 * Leading, trailing and doubled spaces are tolerated, since DOT tolerates them.
 *
 * @returns the set in order of first appearance, or null when it is too long or a token malformed
 */
export function parseScope(text: string): Scope | null {
  if (text.length > SCOPE_LENGTH_MAX || !SCOPE_TEXT.test(text)) return null;
  const tokens = new Set(text.split(" ").filter((token) => token !== ""));
  return tokens.size > SCOPE_TOKENS_MAX ? null : [...tokens];
}

/** Writes a scope as the wire has it: tokens joined by one space. */
export function formatScope(scope: Scope): string {
  return scope.join(" ");
}

/** Whether every token of `inner` is also in `outer`. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  const allowed = new Set(outer);
  return inner.every((token) => allowed.has(token));
}
