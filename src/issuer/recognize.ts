import { equalInConstantTime } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import type { SigningKeys } from "../crypto/signing-keys.ts";
import type { AccessTokenFormat } from "../protocol/names.ts";
import {
  ACCESS_TOKEN_PREFIX,
  type AccessTokenContent,
  type AccessTokenReference,
  digestOwner,
  unsealAccessToken,
} from "../tokens/access-token.ts";
import { claimsDigest, JWT_TYPE, jwtContent, unsealTokenId } from "../tokens/jwt-access-token.ts";

/** What recognizing our own tokens needs. */
export interface RecognizeDeps {
  readonly accessTokenRing: KeyRing;
  readonly tokenIdRing: KeyRing;
  readonly signingKeys: SigningKeys | null;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** An access token that this service made. It may have been revoked since. */
export interface RecognizedToken {
  readonly reference: AccessTokenReference;
  readonly format: AccessTokenFormat;
  /** What it says that it grants; null for an opaque token of an earlier version. */
  readonly content: AccessTokenContent | null;
  /** Whether the `jti` is bound to the other claims; false only for JWTs of version 0.1. */
  readonly isBound: boolean;
}

/**
 * Recognizes an access token of ours, without storage.
 *
 * @returns null for a forged, truncated, altered or expired token, and for a JWT whose claims are
 *   not those that its `jti` was made for
 */
export async function recognize(
  token: string,
  deps: RecognizeDeps,
): Promise<RecognizedToken | null> {
  if (token.startsWith(ACCESS_TOKEN_PREFIX)) {
    const opened = await unsealAccessToken(deps.accessTokenRing, token);
    if (opened === null) return null;
    const isExpired = opened.content !== null && deps.clock() >= opened.content.expiresAtMs;
    return isExpired ? null : { ...opened, format: "opaque", isBound: true };
  }
  const payload = (await deps.signingKeys?.verify(token, JWT_TYPE, deps.clock())) ?? null;
  const content = payload && jwtContent(payload);
  if (content === null || typeof payload?.jti !== "string") return null;
  const { jti, ...claims } = payload;
  const tokenId = await unsealTokenId(deps.tokenIdRing, jti);
  if (tokenId === null) return null;
  const { reference, digest } = tokenId;
  if (digest === null) {
    return (await isUnboundMatch(reference, content))
      ? { reference, content, format: "jwt", isBound: false }
      : null;
  }
  const isIntact = equalInConstantTime(digest, await claimsDigest(claims));
  return isIntact ? { reference, content, format: "jwt", isBound: true } : null;
}

/** Checks a JWT against a `jti` of version 0.1; a family's object checks the rest. */
async function isUnboundMatch(
  reference: AccessTokenReference,
  { clientId, issuedAtMs }: AccessTokenContent,
): Promise<boolean> {
  if (reference.kind === "family") return true;
  const isSameSecond = Math.floor(reference.authorizedAtMs / 1000) * 1000 === issuedAtMs;
  return isSameSecond && reference.owner === (await digestOwner(clientId));
}
