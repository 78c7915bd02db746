/**
 * Tokens of another server that are valid here, known only by their hash. Our own tokens have
 * another form, so that they are never looked up as imported ones.
 */
import { sha256, toHex } from "../crypto/bytes.ts";
import { ACCESS_TOKEN_PREFIX } from "./access-token.ts";
import { REFRESH_TOKEN_PREFIX } from "./refresh-token.ts";

/** VSCHAR (RFC 6749 appendix A.12), with the length of a plausible token. */
const IMPORTED_FORM = /^[\x21-\x7e]{16,1024}$/;

/** What an imported refresh token grants: a login that took place elsewhere. */
export interface ImportedRefreshToken {
  readonly kind: "refresh";
  readonly hash: string;
  readonly clientId: string;
  readonly userId: string;
  /** Space-separated. */
  readonly scope: string;
  /** When its login began here, in milliseconds since the epoch. */
  readonly importedAtMs: number;
  readonly expiresAtMs: number;
}

/** What an imported access token grants. */
interface ImportedAccessToken {
  readonly kind: "access";
  readonly hash: string;
  /** Hash of the refresh token of the same response, or null. */
  readonly refreshTokenHash: string | null;
  readonly clientId: string;
  /** Null: the client acts for itself. */
  readonly userId: string | null;
  readonly scope: string;
  readonly importedAtMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** A token of another server. */
export type ImportedToken = ImportedRefreshToken | ImportedAccessToken;

/** @returns the SHA-256 of a token in hexadecimal, or null if no other server can have made it */
export async function importedTokenHash(token: string): Promise<string | null> {
  const isOurs = token.startsWith(ACCESS_TOKEN_PREFIX) || token.startsWith(REFRESH_TOKEN_PREFIX);
  return isOurs || !IMPORTED_FORM.test(token) ? null : toHex(await sha256(token));
}
