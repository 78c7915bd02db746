import { type Bytes, concat, fromHex, fromUtf8, toHex, utf8 } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { formatScope, parseScope, type Scope } from "../protocol/scope.ts";
import { sealToken, unsealToken } from "./sealed-token.ts";

/**
 * Everything a refresh token says, so that the Worker can check it before it calls the family's
 * object. Every field is fixed once the generation exists, so sealing it gives one token, for ever.
 */
export interface RefreshToken {
  /** Id of the family's Durable Object: 64 hexadecimal digits. */
  readonly familyId: string;
  /** 0 at login, one more with each rotation. */
  readonly generation: number;
  readonly clientId: string;
  /** `users.id` of the user who logged in. */
  readonly subject: string;
  /** What was granted at login; a narrowed access token does not narrow it (RFC 6749 §6). */
  readonly scope: Scope;
  /** The API that the login named (RFC 8707 §2.2), or null: any that the client may have. */
  readonly resource: string | null;
  /** When the user logged in, in milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** When this generation came to be, in milliseconds since the epoch. */
  readonly issuedAtMs: number;
}

/** How a refresh token begins, for people and secret scanners. */
export const REFRESH_TOKEN_PREFIX = "tgr_";

/** Purpose of the ring that seals refresh tokens. */
export const REFRESH_TOKEN_PURPOSE = "refresh token";

// Layout: version (1 byte), family id (32), generation (4), created (8), issued (8), then client
// id, subject and scope in UTF-8 with a NUL between, and the resource if there is one. None of them
// can hold a NUL. A Worker of the previous version ignores what follows the scope: during a
// deployment it must not tell clients that their tokens are invalid.
const VERSION = 1;
const FAMILY_ID_BYTES = 32;
const HEAD_BYTES = 1 + FAMILY_ID_BYTES + 4 + 8 + 8;
const SEPARATOR = "\0";

/** Writes a refresh token; the same token every time for the same content and key. */
export function sealRefreshToken(key: SealingKey, token: RefreshToken): Promise<string> {
  return sealToken(REFRESH_TOKEN_PREFIX, key, encode(token));
}

/**
 * Reads a refresh token without touching storage.
 *
 * @returns null for anything that {@link sealRefreshToken} did not write under a key of the ring
 */
export async function unsealRefreshToken(
  ring: KeyRing,
  token: string,
): Promise<RefreshToken | null> {
  const opened = await unsealToken(REFRESH_TOKEN_PREFIX, ring, token);
  return opened && decode(opened.plaintext);
}

function encode(token: RefreshToken): Bytes {
  const familyId = fromHex(token.familyId);
  if (familyId?.length !== FAMILY_ID_BYTES) throw new TypeError("odd family id");
  const numbers = new DataView(new ArrayBuffer(20));
  numbers.setUint32(0, token.generation);
  numbers.setFloat64(4, token.createdAtMs);
  numbers.setFloat64(12, token.issuedAtMs);
  const names = [token.clientId, token.subject, formatScope(token.scope)];
  if (token.resource !== null) names.push(token.resource);
  const text = utf8(names.join(SEPARATOR));
  return concat(Uint8Array.of(VERSION), familyId, new Uint8Array(numbers.buffer), text);
}

function decode(plaintext: Bytes): RefreshToken | null {
  if (plaintext[0] !== VERSION || plaintext.length < HEAD_BYTES) return null;
  const numbers = new DataView(plaintext.buffer, plaintext.byteOffset + 1 + FAMILY_ID_BYTES);
  const names = fromUtf8(plaintext.subarray(HEAD_BYTES))?.split(SEPARATOR);
  const [clientId, subject, scopeText, resource = null] = names ?? [];
  const scope = parseScope(scopeText ?? "");
  if (clientId === undefined || subject === undefined || scope === null) return null;
  return {
    familyId: toHex(plaintext.subarray(1, 1 + FAMILY_ID_BYTES)),
    generation: numbers.getUint32(0),
    createdAtMs: numbers.getFloat64(4),
    issuedAtMs: numbers.getFloat64(12),
    clientId,
    subject,
    scope,
    resource,
  };
}
