import { type Bytes, concat } from "../crypto/bytes.ts";
import { type KeyRing, type SealingKey, sealToken, unsealToken } from "../crypto/seal.ts";
import {
  type AccessTokenContent,
  type AccessTokenReference,
  decodeReference,
  encodeReference,
} from "./access-token.ts";
import type { FamilyState, Generation } from "./family.ts";
import { decodeFields, encodeFields } from "./tagged-fields.ts";

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
