import { equalInConstantTime } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/seal.ts";
import type { SigningKeys } from "../crypto/signing-keys.ts";
import {
  ACCESS_TOKEN_PREFIX,
  type AccessTokenContent,
  type AccessTokenReference,
  digestOwner,
  unsealAccessToken,
  unsealTokenId,
} from "../tokens/access-token.ts";
import { claimsDigest, JWT_TYPE, jwtContent } from "../tokens/jwt-access-token.ts";

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
  /** The content of a JWT; null for an opaque token. */
  readonly content: AccessTokenContent | null;
  /** Whether the `jti` is bound to the other claims; false only for JWTs of version 0.1. */
  readonly isBound: boolean;
}

/**
 * Recognizes an access token of ours, without storage.
 *
 * @returns null for a forged, truncated or altered token, and for a JWT that has expired or whose
 *   claims are not those that its `jti` was made for
 */
export async function recognize(
  token: string,
  deps: RecognizeDeps,
): Promise<RecognizedToken | null> {
  if (token.startsWith(ACCESS_TOKEN_PREFIX)) {
    const reference = await unsealAccessToken(deps.accessTokenRing, token);
    return reference && { reference, content: null, isBound: true };
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
      ? { reference, content, isBound: false }
      : null;
  }
  const isIntact = equalInConstantTime(digest, await claimsDigest(claims));
  return isIntact ? { reference, content, isBound: true } : null;
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
