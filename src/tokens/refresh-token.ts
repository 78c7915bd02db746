import { type Bytes, concat, fromHex, fromUtf8, toHex, utf8 } from "../crypto/bytes.ts";
import type { KeyRing, SealingKey } from "../crypto/key-ring.ts";
import { decodeFields, encodeFields, sealToken, unsealToken } from "../crypto/seal.ts";
import { formatScope, parseScope, type Scope } from "../protocol/scope.ts";

/** What is known of a login beyond who logged in: every token of its family says so. */
export interface LoginFacts {
  /** The APIs that the login named (RFC 8707 §2.2), or none: any that the client may have. */
  readonly resources: readonly string[];
  /** The browser session that the login belongs to (`sid`), or null: it is a session by itself. */
  readonly sessionId: string | null;
  /** When the user authenticated (`auth_time`), in milliseconds; null: when the family began. */
  readonly authenticatedAtMs: number | null;
  /** The claims about the user that the client asked for alone, or null: all of its scope. */
  readonly claimNames: readonly string[] | null;
  /** SHA-256 thumbprint of the key that the tokens are bound to (`cnf.jkt`), or null: bearer. */
  readonly keyThumbprint: string | null;
}

/** A login without a browser, a resource or a key. */
export const PLAIN_LOGIN: LoginFacts = {
  resources: [],
  sessionId: null,
  authenticatedAtMs: null,
  claimNames: null,
  keyThumbprint: null,
};

/**
 * Everything a refresh token says, so that the Worker can check it before it calls the family's
 * object. Every field is fixed once the generation exists, so sealing it gives one token, for ever.
 */
export interface RefreshToken extends LoginFacts {
  /** Id of the family's Durable Object: 64 hexadecimal digits. */
  readonly familyId: string;
  /** 0 at login, one more with each rotation. */
  readonly generation: number;
  readonly clientId: string;
  /** `users.id` of the user who logged in. */
  readonly subject: string;
  /** What was granted at login; a narrowed access token does not narrow it (RFC 6749 §6). */
  readonly scope: Scope;
  /** When the user logged in, in milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** When this generation came to be, in milliseconds since the epoch. */
  readonly issuedAtMs: number;
}

/** The part of a refresh token that its successor repeats. */
export function loginOf(token: LoginFacts): LoginFacts {
  const { resources, sessionId, authenticatedAtMs, claimNames, keyThumbprint } = token;
  return { resources, sessionId, authenticatedAtMs, claimNames, keyThumbprint };
}

/** How a refresh token begins, for people and secret scanners. */
export const REFRESH_TOKEN_PREFIX = "tgr_";

/** Purpose of the ring that seals refresh tokens. */
export const REFRESH_TOKEN_PURPOSE = "refresh token";

// Layout: version (1 byte), family id (32), generation (4), created (8), issued (8), then the body.
// Version 1: client id, subject and scope in UTF-8, separated by NUL, and the resources if there
// are any, separated by spaces. None of them can contain a NUL. Version 2: tagged fields. A token
// that says nothing new is written as version 1, so that during a deployment the previous Worker
// can read every token that it could have issued itself.
const FAMILY_ID_BYTES = 32;
const HEAD_BYTES = 1 + FAMILY_ID_BYTES + 4 + 8 + 8;
const SEPARATOR = "\0";
const TAGS = {
  clientId: 1,
  subject: 2,
  scope: 3,
  resources: 4,
  sessionId: 5,
  authenticatedAtMs: 6,
  keyThumbprint: 7,
  claimNames: 8,
} as const;

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
  if (familyId?.length !== FAMILY_ID_BYTES) throw new TypeError("invalid family id");
  const numbers = new DataView(new ArrayBuffer(20));
  numbers.setUint32(0, token.generation);
  numbers.setFloat64(4, token.createdAtMs);
  numbers.setFloat64(12, token.issuedAtMs);
  const { sessionId, authenticatedAtMs, claimNames, keyThumbprint } = token;
  const isNew = [sessionId, authenticatedAtMs, claimNames, keyThumbprint].some(
    (fact) => fact !== null,
  );
  const [version, body] = isNew ? [2, encodeBody(token)] : [1, encodeNames(token)];
  return concat(Uint8Array.of(version), familyId, new Uint8Array(numbers.buffer), body);
}

function decode(plaintext: Bytes): RefreshToken | null {
  if (plaintext.length < HEAD_BYTES) return null;
  const [version] = plaintext;
  const body = plaintext.subarray(HEAD_BYTES);
  const said = version === 1 ? decodeNames(body) : version === 2 ? decodeBody(body) : null;
  if (said === null) return null;
  const numbers = new DataView(plaintext.buffer, plaintext.byteOffset + 1 + FAMILY_ID_BYTES);
  return {
    familyId: toHex(plaintext.subarray(1, 1 + FAMILY_ID_BYTES)),
    generation: numbers.getUint32(0),
    createdAtMs: numbers.getFloat64(4),
    issuedAtMs: numbers.getFloat64(12),
    ...said,
  };
}

type Body = Omit<RefreshToken, "familyId" | "generation" | "createdAtMs" | "issuedAtMs">;

function encodeNames({ clientId, subject, scope, resources }: Body): Bytes {
  const names = [clientId, subject, formatScope(scope)];
  if (resources.length > 0) names.push(resources.join(" "));
  return utf8(names.join(SEPARATOR));
}

function decodeNames(bytes: Bytes): Body | null {
  const names = fromUtf8(bytes)?.split(SEPARATOR);
  const [clientId, subject, scopeText, resources] = names ?? [];
  const scope = parseScope(scopeText ?? "");
  if (clientId === undefined || subject === undefined || scope === null) return null;
  return { ...PLAIN_LOGIN, clientId, subject, scope, resources: splitResources(resources) };
}

function encodeBody({ scope, resources, authenticatedAtMs, claimNames, ...texts }: Body): Bytes {
  return encodeFields(TAGS, {
    ...texts,
    claimNames: claimNames?.join(" ") ?? null,
    scope: formatScope(scope),
    resources: resources.length === 0 ? null : resources.join(" "),
    authenticatedAtMs: authenticatedAtMs === null ? null : String(authenticatedAtMs),
  });
}

function decodeBody(bytes: Bytes): Body | null {
  const fields = decodeFields(TAGS, bytes);
  if (fields === null) return null;
  const { clientId, subject, authenticatedAtMs } = fields;
  const scope = parseScope(fields.scope ?? "");
  if (clientId === undefined || subject === undefined || scope === null) return null;
  return {
    clientId,
    subject,
    scope,
    resources: splitResources(fields.resources),
    sessionId: fields.sessionId ?? null,
    authenticatedAtMs: authenticatedAtMs === undefined ? null : Number(authenticatedAtMs),
    claimNames: fields.claimNames?.split(" ") ?? null,
    keyThumbprint: fields.keyThumbprint ?? null,
  };
}

/** No resource contains a space. */
function splitResources(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(" ");
}
