import { type Bytes, concat, fromHex, sha256, toHex } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { decodeFields, encodeFields, sealToken, unsealToken } from "../crypto/seal.ts";
import type { Claims } from "../protocol/claims.ts";
import type { FamilyState, Generation } from "./family.ts";

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

/** Prefix of opaque access tokens, for people and secret scanners. */
export const ACCESS_TOKEN_PREFIX = "tga_";

/** Purpose of the ring that seals opaque access tokens. */
export const ACCESS_TOKEN_PURPOSE = "access token";

/** What an opaque access token says. */
export interface OpaqueAccessToken {
  readonly reference: AccessTokenReference;
  /**
   * What it grants, without claims: enough for an exact check to start all its look-ups. Null:
   * an earlier version made it.
   */
  readonly content: AccessTokenContent | null;
}

// Layout: kind (1 byte), length of the reference (1), the reference, then tagged fields. Earlier
// versions wrote the reference alone, whose first byte is another kind.
const CONTENT_KIND = 4;
const HEAD_BYTES = 2;
const TAGS = {
  clientId: 1,
  subject: 2,
  scope: 3,
  audience: 4,
  issuedAtMs: 5,
  expiresAtMs: 6,
  claimNames: 7,
} as const;

/** Makes an opaque access token. Deterministic. */
export function sealAccessToken(key: SealingKey, token: OpaqueAccessToken): Promise<string> {
  return sealToken(ACCESS_TOKEN_PREFIX, key, encode(token));
}

/**
 * Reads an opaque access token without storage.
 *
 * @returns null for anything that {@link sealAccessToken} did not make under a key of the ring
 */
export async function unsealAccessToken(
  ring: KeyRing,
  token: string,
): Promise<OpaqueAccessToken | null> {
  const opened = await unsealToken(ACCESS_TOKEN_PREFIX, ring, token);
  return opened && decode(opened.plaintext);
}

/** What the access token of a generation grants, without claims. */
export function generationContent(
  { clientId, subject }: Pick<FamilyState, "clientId" | "subject">,
  { scope, audience, issuedAtMs, accessTokenExpiresAtMs: expiresAtMs }: Generation,
): AccessTokenContent {
  return { clientId, subject, scope, audience, claims: {}, issuedAtMs, expiresAtMs };
}

function encode({ reference, content }: OpaqueAccessToken): Bytes {
  const head = encodeReference(reference);
  if (content === null) return head;
  const { clientId, subject, scope, audience, issuedAtMs, expiresAtMs } = content;
  const times = { issuedAtMs: String(issuedAtMs), expiresAtMs: String(expiresAtMs) };
  const claimNames = content.claimNames?.join(" ") ?? null;
  const fields = encodeFields(TAGS, { clientId, subject, scope, audience, ...times, claimNames });
  return concat([CONTENT_KIND, head.length], head, fields);
}

function decode(plaintext: Bytes): OpaqueAccessToken | null {
  const [kind, length = 0] = plaintext;
  if (kind !== CONTENT_KIND) {
    const reference = decodeReference(plaintext);
    return reference && { reference, content: null };
  }
  const end = HEAD_BYTES + length;
  const reference = decodeReference(plaintext.subarray(HEAD_BYTES, end));
  const content = decodeContent(plaintext.subarray(end));
  return reference && content && { reference, content };
}

function decodeContent(bytes: Bytes): AccessTokenContent | null {
  const fields = decodeFields(TAGS, bytes);
  const { clientId, subject = null, scope, audience = null } = fields ?? {};
  if (clientId === undefined || scope === undefined) return null;
  const issuedAtMs = Number(fields?.issuedAtMs);
  const expiresAtMs = Number(fields?.expiresAtMs);
  if (!Number.isSafeInteger(issuedAtMs) || !Number.isSafeInteger(expiresAtMs)) return null;
  const claimNames = fields?.claimNames?.split(" ");
  return { clientId, subject, scope, audience, claims: {}, claimNames, issuedAtMs, expiresAtMs };
}

/** Random bytes in a token without a family: 160 bits. */
export const NONCE_BYTES = 20;

// Layout of a reference: kind (1 byte), then family id (32) and generation (4), or nonce (20),
// owner (8) and the instant (6).
const FAMILY_KIND = 1;
const SINGLE_KIND = 2;
const FAMILY_ID_BYTES = 32;
const OWNER_BYTES = 8;
const INSTANT_BYTES = 6;

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
