import type { KeyRing } from "../crypto/key-ring.ts";
import type { SigningKeys } from "../crypto/signing-keys.ts";
import {
  ACCESS_TOKEN_PREFIX,
  type AccessTokenContent,
  type AccessTokenReference,
  unsealAccessToken,
  unsealTokenId,
} from "../tokens/access-token.ts";
import { JWT_TYPE, jwtContent } from "../tokens/jwt-access-token.ts";

/** What telling our own tokens from others needs. */
export interface IdentifyTools {
  readonly accessTokenRing: KeyRing;
  readonly tokenIdRing: KeyRing;
  readonly signingKeys: SigningKeys | null;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** An access token that this service made. Whether it is still good is another question. */
export interface IdentifiedToken {
  readonly reference: AccessTokenReference;
  /** What a JWT says itself; null for an opaque token. */
  readonly content: AccessTokenContent | null;
}

/**
 * Recognises an access token of ours, without touching storage.
 *
 * @returns null for a forged, truncated or altered token, and for a JWT that has expired
 */
export async function identify(
  token: string,
  tools: IdentifyTools,
): Promise<IdentifiedToken | null> {
  if (token.startsWith(ACCESS_TOKEN_PREFIX)) {
    const reference = await unsealAccessToken(tools.accessTokenRing, token);
    return reference && { reference, content: null };
  }
  const payload = (await tools.signingKeys?.verify(token, JWT_TYPE, tools.clock())) ?? null;
  const content = payload && jwtContent(payload);
  if (content === null || typeof payload?.jti !== "string") return null;
  const reference = await unsealTokenId(tools.tokenIdRing, payload.jti);
  return reference && { reference, content };
}
