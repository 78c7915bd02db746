import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { formatScope, parseScope } from "../protocol/scope.ts";
import { type DumpRecord, instantMs, type Mapping, referenceTo } from "./dump-record.ts";

/** A refresh token that is live there. Its scope stands in its access token. */
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

/** What `token` holds in DOT: the text that a client sends. */
const TOKEN = /^[\x20-\x7e]{1,8192}$/;

/** Why a token is refused of which there is neither a text to be hashed nor a hash. */
export const LACKS_TOKEN = "has no token of printable ASCII";

const CHECKSUM = /^[0-9a-f]{64}$/;

/** Reads a refresh token; a revoked one is refused. */
export async function mapRefreshToken({
  fields,
}: DumpRecord): Promise<Mapping<DumpedRefreshToken>> {
  if (isRevoked(fields)) return { refusal: "revoked there" };
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

/** Whether a refresh token was used or ended there. */
export function isRevoked({ revoked }: DumpRecord["fields"]): boolean {
  return revoked !== null && revoked !== undefined;
}

/** Why a token is refused that a field of the project's own keeps out. */
export function keptOut(field: string): string {
  return `kept out there by its field ${field}`;
}

/** Why a token of newer DOT for some APIs alone (RFC 8707) is refused: here it would be for all. */
const IS_NARROW = "is for the APIs that it names alone, which an imported token cannot be";

/** Why a refresh token without its access token is refused: nobody knows what was granted. */
export const LACKS_SCOPE = "its access token, which has its scope, is not in the dump";

/** Reads an access token, which need not be live, and of which {@link hashOf} reads the rest. */
export function mapAccessToken({ fields }: DumpRecord): Mapping<DumpedAccessToken> {
  const scope = parseScope(typeof fields["scope"] === "string" ? fields["scope"] : "");
  if (scope === null) return { refusal: "has a scope that is too long, or not scope names" };
  if (isNarrow(fields)) return { refusal: IS_NARROW };
  const expiresMs = instantMs(fields["expires"]);
  if (expiresMs === null) return { refusal: "does not say when it expires" };
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
 * What a token is kept under here: its SHA-256 in hexadecimal, which DOT 3 calls `token_checksum`.
 *
 * @returns null when there is no token that could be presented
 */
export async function hashOf(fields: DumpRecord["fields"]): Promise<string | null> {
  const { token, token_checksum: checksum } = fields;
  if (typeof token === "string" && token !== "") {
    return TOKEN.test(token) ? toHex(await sha256(token)) : null;
  }
  return typeof checksum === "string" && CHECKSUM.test(checksum) ? checksum : null;
}
