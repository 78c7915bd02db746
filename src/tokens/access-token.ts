import { type Bytes, concat, fromHex, toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { type KeyRing, type SealingKey, sealToken, unsealToken } from "../crypto/seal.ts";
import type { Claims } from "../protocol/claims.ts";

/**
 * Identifies an access token, in an opaque token and in the `jti` of a JWT. A token of a family is
 * derived from its generation, so that a retried refresh writes the same KV key; one without a
 * family (client_credentials) is random.
 */
export type AccessTokenReference =
  | { readonly kind: "family"; readonly familyId: string; readonly generation: number }
  | SingleReference;

/** A token without a family. */
export interface SingleReference {
  readonly kind: "single";
  readonly nonce: string;
  /** When the client or user was authorized, in milliseconds: `iat` has whole seconds. */
  readonly authorizedAtMs: number;
  /** Of its client; see {@link digestOwner}. */
  readonly owner: string;
}

/** What an access token grants, whatever its format. */
export interface AccessTokenContent {
  readonly clientId: string;
  /** `users.id`, or null when the client acts for itself. */
  readonly subject: string | null;
  /** Space-separated. */
  readonly scope: string;
  /** The API that it is for (RFC 8707), or null where none is named. */
  readonly audience: string | null;
  /** Claims that the operator set for client and user. */
  readonly claims: Claims;
  /** Claims about the user that userinfo returns; absent: all of the scope. */
  readonly claimNames?: readonly string[] | undefined;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Purpose of the ring that seals the `jti` of JWTs. Separate: a `jti` in a log is not a token. */
export const TOKEN_ID_PURPOSE = "token id";

/** Random bytes in a token without a family: 160 bits. */
export const NONCE_BYTES = 20;

// Layout: kind (1 byte), then family id (32) and generation (4), or nonce (20), owner (8) and the
// instant (6). A jti has kind and digest (32) before that.
const FAMILY_KIND = 1;
const SINGLE_KIND = 2;
const BOUND_KIND = 3;
const DIGEST_BYTES = 32;
const FAMILY_ID_BYTES = 32;
const OWNER_BYTES = 8;
const INSTANT_BYTES = 6;

/** The content of a `jti`: its token, and a digest of the token's other claims. */
export interface TokenId {
  readonly reference: AccessTokenReference;
  /** Of the other claims; null: made by version 0.1, which did not bind them. */
  readonly digest: Bytes | null;
}

/** Makes the `jti` of a JWT. @param digest of its other claims, to which it is bound */
export function sealTokenId(
  key: SealingKey,
  reference: AccessTokenReference,
  digest: Bytes,
): Promise<string> {
  return sealToken("", key, concat([BOUND_KIND], digest, encodeReference(reference)));
}

/** Reads a `jti`. @returns null for anything that {@link sealTokenId} did not make */
export async function unsealTokenId(ring: KeyRing, tokenId: string): Promise<TokenId | null> {
  const opened = await unsealToken("", ring, tokenId);
  if (opened === null) return null;
  const { plaintext } = opened;
  const isBound = plaintext[0] === BOUND_KIND;
  const reference = decodeReference(isBound ? plaintext.slice(1 + DIGEST_BYTES) : plaintext);
  return reference && { reference, digest: isBound ? plaintext.slice(1, 1 + DIGEST_BYTES) : null };
}

/** Identifies the client in tokens without a family: 64 bits of a digest, in hexadecimal. */
export async function digestOwner(clientId: string): Promise<string> {
  return toHex((await sha256(clientId)).subarray(0, OWNER_BYTES));
}

/** The bytes of a reference, the same every time. */
export function encodeReference(token: AccessTokenReference): Bytes {
  if (token.kind === "single") {
    const instant = token.authorizedAtMs.toString(16).padStart(2 * INSTANT_BYTES, "0");
    return concat(
      [SINGLE_KIND],
      decodeHex(token.nonce, NONCE_BYTES),
      decodeHex(token.owner, OWNER_BYTES),
      decodeHex(instant, INSTANT_BYTES),
    );
  }
  const generation = new DataView(new ArrayBuffer(4));
  generation.setUint32(0, token.generation);
  const familyId = decodeHex(token.familyId, FAMILY_ID_BYTES);
  return concat([FAMILY_KIND], familyId, new Uint8Array(generation.buffer));
}

function decodeHex(hex: string, length: number): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes?.length !== length) throw new TypeError(`expected ${length} bytes in hexadecimal`);
  return bytes;
}

/** The inverse of {@link encodeReference}. @returns null for other bytes */
export function decodeReference(plaintext: Uint8Array): AccessTokenReference | null {
  const [kind] = plaintext;
  const body = plaintext.subarray(1);
  if (kind === SINGLE_KIND && body.length === NONCE_BYTES + OWNER_BYTES + INSTANT_BYTES) {
    const instantAt = NONCE_BYTES + OWNER_BYTES;
    return {
      kind: "single",
      nonce: toHex(body.subarray(0, NONCE_BYTES)),
      owner: toHex(body.subarray(NONCE_BYTES, instantAt)),
      authorizedAtMs: Number.parseInt(toHex(body.subarray(instantAt)), 16),
    };
  }
  if (kind !== FAMILY_KIND || body.length !== FAMILY_ID_BYTES + 4) return null;
  return {
    kind: "family",
    familyId: toHex(body.subarray(0, FAMILY_ID_BYTES)),
    generation: new DataView(body.buffer, body.byteOffset + FAMILY_ID_BYTES).getUint32(0),
  };
}
