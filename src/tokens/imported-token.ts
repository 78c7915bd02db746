/**
 * A token that another server made and that is good here, known by its hash alone. None of our own
 * looks like one, so that only what could be one is ever looked up.
 */
import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { ACCESS_TOKEN_PREFIX } from "./access-token.ts";
import { REFRESH_TOKEN_PREFIX } from "./refresh-token.ts";

/** VSCHAR (RFC 6749 appendix A.12), and no shorter than anybody would make a token. */
const FOREIGN_FORM = /^[\x21-\x7e]{16,1024}$/;

/** What an imported refresh token grants: a login that took place elsewhere. */
export interface ImportedRefreshToken {
  readonly kind: "refresh";
  readonly hash: string;
  readonly clientId: string;
  readonly userId: string;
  /** As on the wire. */
  readonly scope: string;
  /** When its login began here, in milliseconds since the epoch. */
  readonly importedAtMs: number;
  readonly expiresAtMs: number;
}

/** What an imported access token grants. */
export interface ImportedAccessToken {
  readonly kind: "access";
  readonly hash: string;
  /** Of the refresh token that came with it, or null. */
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

/** @returns the SHA-256 of a token in hexadecimal, or null when no other server made it */
export async function importedTokenHash(token: string): Promise<string | null> {
  const isOurs = token.startsWith(ACCESS_TOKEN_PREFIX) || token.startsWith(REFRESH_TOKEN_PREFIX);
  return isOurs || !FOREIGN_FORM.test(token) ? null : toHex(await sha256(token));
}
