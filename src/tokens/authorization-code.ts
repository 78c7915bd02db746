import { digestText, fromBase64Url, fromHex, toBase64Url, toHex } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import { decodeFields, encodeFields, sealToken, unsealToken } from "../crypto/seal.ts";
import { formatScope, parseScope, type Scope } from "../protocol/scope.ts";

/**
 * Everything an authorization code says (RFC 6749 §4.1.2). The code is this content, sealed:
 * nothing is stored until it is exchanged, which begins its refresh family.
 */
export interface AuthorizationCode {
  /** The issuer that may exchange it. */
  readonly issuerUrl: string;
  /** Id of the family that the exchange begins: 64 hexadecimal digits, one for each request. */
  readonly familyId: string;
  readonly clientId: string;
  /** `users.id` of the user who signed in. */
  readonly subject: string;
  readonly scope: Scope;
  /** The APIs that the request named (RFC 8707), or none: any that the client may have. */
  readonly resources: readonly string[];
  readonly redirectUri: string;
  /** Whether the request named it; otherwise it is the only one of the client. */
  readonly isRedirectUriSent: boolean;
  /** The S256 code challenge (RFC 7636), or null. */
  readonly codeChallenge: string | null;
  /** Of OpenID Connect, or null. */
  readonly nonce: string | null;
  /** See {@link LoginFacts}. */
  readonly claimNames: readonly string[] | null;
  /** The browser session (`sid`) in which the user signed in. */
  readonly sessionId: string;
  /** When the user authenticated (`auth_time`). All instants are milliseconds since the epoch. */
  readonly authenticatedAtMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** When the last code that the request can produce has expired. */
  readonly requestEndsAtMs: number;
}

/** A code that was read. It holds only digests of what the exchange compares. */
export interface PresentedCode
  extends Omit<AuthorizationCode, "issuerUrl" | "clientId" | "redirectUri"> {
  readonly issuerDigest: string;
  /** Absent if it is long. */
  readonly clientId?: string | undefined;
  readonly clientDigest: string;
  readonly redirectDigest: string;
  /** Tells apart the codes of one request. */
  readonly codeDigest: string;
}

/** How a code begins, for people and secret scanners. */
export const CODE_PREFIX = "tgc_";

/** Purpose of the ring that seals codes. */
export const CODE_PURPOSE = "authorization code";

/** Longest code, in characters: it travels in a URL. */
const CODE_LENGTH_MAX = 1024;

/** Longest client id in a code, in characters. */
const CLIENT_ID_LENGTH_MAX = 64;

const TAGS = {
  issuerDigest: 1,
  familyId: 2,
  clientDigest: 3,
  subject: 4,
  scope: 5,
  resources: 6,
  redirectDigest: 7,
  isRedirectUriSent: 8,
  codeChallenge: 9,
  nonce: 10,
  sessionId: 11,
  authenticatedAtMs: 12,
  issuedAtMs: 13,
  expiresAtMs: 14,
  requestEndsAtMs: 15,
  clientId: 16,
  claimNames: 17,
} as const;

/** Writes a code. @returns null if it would be longer than {@link CODE_LENGTH_MAX} */
export async function sealCode(ring: KeyRing, code: AuthorizationCode): Promise<string | null> {
  const [issuerDigest, clientDigest, redirectDigest] = await Promise.all([
    digestText(code.issuerUrl),
    digestText(code.clientId),
    digestText(code.redirectUri),
  ]);
  const familyId = fromHex(code.familyId);
  if (familyId === null) throw new TypeError("invalid family id");
  const body = encodeFields(TAGS, {
    issuerDigest,
    familyId: toBase64Url(familyId),
    clientDigest,
    subject: code.subject,
    scope: formatScope(code.scope),
    // No resource contains a space.
    resources: code.resources.length === 0 ? null : code.resources.join(" "),
    clientId: code.clientId.length > CLIENT_ID_LENGTH_MAX ? null : code.clientId,
    redirectDigest,
    isRedirectUriSent: code.isRedirectUriSent ? "1" : null,
    codeChallenge: code.codeChallenge,
    nonce: code.nonce,
    claimNames: code.claimNames?.join(" ") ?? null,
    sessionId: code.sessionId,
    authenticatedAtMs: String(code.authenticatedAtMs),
    issuedAtMs: String(code.issuedAtMs),
    expiresAtMs: String(code.expiresAtMs),
    requestEndsAtMs: String(code.requestEndsAtMs),
  });
  const sealed = await sealToken(CODE_PREFIX, ring.sealing, body);
  return sealed.length > CODE_LENGTH_MAX ? null : sealed;
}

/**
 * Reads a code without touching storage.
 *
 * @returns null for anything that {@link sealCode} did not write under a key of the ring
 */
export async function unsealCode(ring: KeyRing, code: string): Promise<PresentedCode | null> {
  if (code.length > CODE_LENGTH_MAX) return null;
  const opened = await unsealToken(CODE_PREFIX, ring, code);
  const fields = opened && decodeFields(TAGS, opened.plaintext);
  if (fields === null) return null;
  const text = (name: keyof typeof TAGS) => fields[name] ?? "";
  const familyId = fromBase64Url(text("familyId"));
  const scope = parseScope(text("scope"));
  if (familyId === null || scope === null) return null;
  return {
    issuerDigest: text("issuerDigest"),
    familyId: toHex(familyId),
    clientId: fields.clientId,
    clientDigest: text("clientDigest"),
    subject: text("subject"),
    scope,
    resources: fields.resources?.split(" ") ?? [],
    redirectDigest: text("redirectDigest"),
    isRedirectUriSent: fields.isRedirectUriSent !== undefined,
    codeChallenge: fields.codeChallenge ?? null,
    nonce: fields.nonce ?? null,
    claimNames: fields.claimNames?.split(" ") ?? null,
    sessionId: text("sessionId"),
    authenticatedAtMs: Number(text("authenticatedAtMs")),
    issuedAtMs: Number(text("issuedAtMs")),
    expiresAtMs: Number(text("expiresAtMs")),
    requestEndsAtMs: Number(text("requestEndsAtMs")),
    codeDigest: await digestText(code),
  };
}
