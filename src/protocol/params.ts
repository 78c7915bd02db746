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

/** Most parameters in one request, including duplicate and unknown ones. */
export const PARAMETERS_MAX = 64;

/** Longest body of an OAuth request, in bytes. */
export const BODY_BYTES_MAX = 16 * 1024;

/** Longest body of the management API, in bytes: claims, origins and 16 keys of a client fit. */
export const JSON_BYTES_MAX = 64 * 1024;

/** Longest client id or user name, in characters. */
export const NAME_LENGTH_MAX = 255;

/**
 * Whether a credential contains U+0000-U+001F or U+007F. Such a credential is invalid: HMAC pads
 * its key with zeros, so PBKDF2 would accept `secret\0` for `secret`.
 */
export function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for control characters
  return /[\u0000-\u001f\u007f]/.test(text);
}
