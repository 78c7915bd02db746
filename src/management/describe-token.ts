import { fromBase64Url, toHex } from "../crypto/bytes.ts";
import { KEY_ID_BYTES } from "../crypto/key-ring.ts";
import { identify } from "../issuer/identify.ts";
import type { MintTools } from "../issuer/mint.ts";
import { formatScope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import {
  ACCESS_TOKEN_PREFIX,
  type AccessTokenContent,
  type AccessTokenReference,
} from "../tokens/access-token.ts";
import { REFRESH_TOKEN_PREFIX, unsealRefreshToken } from "../tokens/refresh-token.ts";
import { instantOf } from "./registry-rows.ts";

/** What a token says, as names and values in the order to read them. */
export type TokenDescription = readonly (readonly [name: string, value: string])[];

/** What {@link describeToken} needs. */
export interface DescribeTools {
  readonly accessTokens: AccessTokenStore;
  readonly mintTools: MintTools;
}

const UNREADABLE = "cannot be opened: altered, or sealed by a key that is not in TOKEN_KEYS";

/**
 * Tells what a token is, without the service: what it says itself, and what KV holds of it. Whether
 * it is active only the service can tell.
 *
 * @throws Unavailable when local state fails
 */
export function describeToken(token: string, tools: DescribeTools): Promise<TokenDescription> {
  if (token.startsWith(REFRESH_TOKEN_PREFIX)) return describeRefreshToken(token, tools);
  if (token.startsWith(ACCESS_TOKEN_PREFIX)) return describeOpaque(token, tools);
  return describeJwt(token, tools);
}

async function describeRefreshToken(
  token: string,
  { mintTools }: DescribeTools,
): Promise<TokenDescription> {
  const head: TokenDescription = [
    ["kind", "refresh token"],
    ["key", keyIdOf(token.slice(REFRESH_TOKEN_PREFIX.length))],
  ];
  const opened = await unsealRefreshToken(mintTools.refreshTokenRing, token);
  if (opened === null) return [...head, ["content", UNREADABLE]];
  const { familyId, generation, clientId, subject, scope, resource } = opened;
  const { createdAtMs, issuedAtMs } = opened;
  return [
    ...head,
    ["family", familyId],
    ["generation", String(generation)],
    ["client", clientId],
    ["subject", subject],
    ["scope", formatScope(scope)],
    ["resource", resource ?? "none named"],
    ["logged in", instantOf(createdAtMs)],
    ["issued", instantOf(issuedAtMs)],
  ];
}

async function describeOpaque(token: string, tools: DescribeTools): Promise<TokenDescription> {
  const head: TokenDescription = [
    ["kind", "opaque access token"],
    ["key", keyIdOf(token.slice(ACCESS_TOKEN_PREFIX.length))],
  ];
  const identified = await identify(token, { ...tools.mintTools, clock: beforeEveryExpiry });
  if (identified === null) return [...head, ["content", UNREADABLE]];
  const content = await tools.accessTokens.get(token);
  const stored: TokenDescription =
    content === null ? [["KV", "nothing"]] : [["KV", "has it"], ...describeContent(content)];
  return [...head, ...describeReference(identified.reference), ...stored];
}

async function describeJwt(token: string, { mintTools }: DescribeTools): Promise<TokenDescription> {
  const identified = await identify(token, { ...mintTools, clock: beforeEveryExpiry });
  if (identified?.content == null) {
    return [["kind", "no token of this service, or a JWT of a key that is not in SIGNING_KEYS"]];
  }
  return [
    ["kind", "JWT access token"],
    ...describeReference(identified.reference),
    ...describeContent(identified.content),
  ];
}

function describeReference(reference: AccessTokenReference): TokenDescription {
  if (reference.kind === "single") return [["nonce", reference.nonce]];
  return [
    ["family", reference.familyId],
    ["generation", String(reference.generation)],
  ];
}

function describeContent(content: AccessTokenContent): TokenDescription {
  return [
    ["client", content.clientId],
    ["subject", content.subject ?? "none: the client acts for itself"],
    ["scope", content.scope],
    ["audience", content.audience ?? "none"],
    ["claims", JSON.stringify(content.claims)],
    ["issued", instantOf(content.issuedAtMs)],
    ["expires", instantOf(content.expiresAtMs)],
  ];
}

/** A token says in the open which key sealed it; see crypto/seal.ts. */
function keyIdOf(encoded: string): string {
  const sealed = fromBase64Url(encoded);
  return sealed === null ? "none: not in base64url" : toHex(sealed.subarray(0, KEY_ID_BYTES));
}

/** So that what an expired token says can be read too. */
function beforeEveryExpiry(): number {
  return 0;
}
