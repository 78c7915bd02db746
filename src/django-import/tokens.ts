import { sha256, toHex } from "../crypto/bytes.ts";
import { formatScope, parseScope } from "../protocol/scope.ts";
import { type DumpRecord, instantMs, type Mapping, referenceTo } from "./dump-record.ts";

/** A live refresh token of the old server. Its access token has the scope. */
export interface DumpedRefreshToken {
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
  readonly application: string | null;
  readonly user: string | null;
  readonly accessToken: string;
  readonly createdMs: number;
}

/** An access token, live or not. */
export interface DumpedAccessToken {
  readonly application: string | null;
  /** Null: the client acts for itself. */
  readonly user: string | null;
  readonly scope: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Valid values of DOT's field `token`: what a client sends. */
const TOKEN = /^[\x20-\x7e]{1,8192}$/;

/** Why a token is rejected that has neither a valid text nor a hash. */
export const LACKS_TOKEN = "no token of printable ASCII";

const CHECKSUM = /^[0-9a-f]{64}$/;

/** Reads a refresh token; a revoked one is rejected. */
export async function mapRefreshToken({
  fields,
}: DumpRecord): Promise<Mapping<DumpedRefreshToken>> {
  if (isRevoked(fields)) return { refusal: "revoked on the old server" };
  if (isNarrow(fields)) return { refusal: IS_NARROW };
  const hash = await hashOf(fields);
  if (hash === null) return { refusal: LACKS_TOKEN };
  const accessToken = referenceTo(fields["access_token"]);
  if (accessToken === null) return { refusal: LACKS_SCOPE };
  const value = {
    hash,
    application: referenceTo(fields["application"]),
    user: referenceTo(fields["user"]),
    accessToken,
    createdMs: instantMs(fields["created"]) ?? 0,
  };
  return { value, remarks: [] };
}

/** Whether a refresh token was used or revoked on the old server. */
export function isRevoked({ revoked }: DumpRecord["fields"]): boolean {
  return revoked !== null && revoked !== undefined;
}

/** Why a token is rejected that a custom field blocks. */
export function keptOut(field: string): string {
  return `blocked by its field ${field} on the old server`;
}

/** Why a token with resources (RFC 8707) is rejected: after an import it would be for all APIs. */
const IS_NARROW = "restricted to some APIs, which imported tokens do not support";

/** Why a refresh token without its access token is rejected: its scope is unknown. */
export const LACKS_SCOPE = "its access token, which has the scope, is not in the dump";

/** Reads an access token, live or not, without its hash; see {@link hashOf}. */
export function mapAccessToken({ fields }: DumpRecord): Mapping<DumpedAccessToken> {
  const scope = parseScope(typeof fields["scope"] === "string" ? fields["scope"] : "");
  if (scope === null) return { refusal: "invalid scope" };
  if (isNarrow(fields)) return { refusal: IS_NARROW };
  const expiresMs = instantMs(fields["expires"]);
  if (expiresMs === null) return { refusal: "no expiry" };
  const value = {
    application: referenceTo(fields["application"]),
    user: referenceTo(fields["user"]),
    scope: formatScope(scope),
    createdMs: instantMs(fields["created"]) ?? 0,
    expiresMs,
  };
  return { value, remarks: [] };
}

function isNarrow({ resource }: DumpRecord["fields"]): boolean {
  if (typeof resource === "string") return !["", "[]"].includes(resource.trim());
  return Array.isArray(resource) && resource.length > 0;
}

/**
 * The key of an imported token: its SHA-256 in hexadecimal, DOT 3's `token_checksum`.
 *
 * @returns null when no client could present such a token
 */
export async function hashOf(fields: DumpRecord["fields"]): Promise<string | null> {
  const { token, token_checksum: checksum } = fields;
  if (typeof token === "string" && token !== "") {
    return TOKEN.test(token) ? toHex(await sha256(token)) : null;
  }
  return typeof checksum === "string" && CHECKSUM.test(checksum) ? checksum : null;
}
