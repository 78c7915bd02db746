import { Refusal } from "./refusal.ts";

/** Request parameters by name. An absent name and an empty value are the same (RFC 6749 §3.2). */
export type Params = ReadonlyMap<string, string>;

/** Parameters of endpoints. A grant adds its own; any other name is ignored. */
export const PARAMETER_NAMES: readonly string[] = [
  "grant_type",
  "scope",
  "resource",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "token",
  "token_type_hint",
];

/** Most parameters in one request, repeated and unknown ones included. */
export const PARAMETERS_MAX = 64;

/** Longest client id or user name, in characters. */
export const NAME_LENGTH_MAX = 255;

/**
 * Turns decoded name-value pairs into {@link Params}.
 *
 * @throws Refusal `too_many_parameters`, or `repeated_parameter` for any name that stands twice
 *   (RFC 6749 §3.2; DOT takes the last)
 */
export function toParams(pairs: readonly (readonly [name: string, value: string])[]): Params {
  if (pairs.length > PARAMETERS_MAX) throw new Refusal("too_many_parameters");
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw new Refusal("repeated_parameter");
  }
  return new Map(pairs.filter(([, value]) => value !== ""));
}

/**
 * Whether a credential holds U+0000-U+001F or U+007F. Such a credential is never right: HMAC pads
 * its key with zeros, so PBKDF2 would take `secret\0` for `secret`.
 */
export function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it seeks
  return /[\u0000-\u001f\u007f]/.test(text);
}
