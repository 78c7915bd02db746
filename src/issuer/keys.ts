import { type Bytes, hkdfSha256, hmacKey } from "../crypto/bytes.ts";
import { deriveKeyRing } from "../crypto/key-ring.ts";
import { importSigningKeys, type JWK } from "../crypto/signing-keys.ts";
import { ACCESS_TOKEN_PURPOSE } from "../tokens/access-token.ts";
import { TOKEN_ID_PURPOSE } from "../tokens/jwt-access-token.ts";
import { REFRESH_TOKEN_PURPOSE } from "../tokens/refresh-token.ts";
import type { MintDeps } from "./mint.ts";

/** Thrown for a configured key that cannot sign. The message contains no key. */
export class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
}

/**
 * Derives {@link MintDeps} from the secrets of the service.
 *
 * @throws SigningKeyError for a key that cannot sign
 */
export async function deriveMintDeps(secrets: {
  readonly tokenKeys: readonly Uint8Array<ArrayBuffer>[];
  readonly signingKeys: readonly JWK[] | null;
}): Promise<MintDeps> {
  const { tokenKeys, signingKeys: jwks } = secrets;
  const [accessTokenRing, refreshTokenRing, tokenIdRing, signingKeys] = await Promise.all([
    deriveKeyRing(tokenKeys, ACCESS_TOKEN_PURPOSE),
    deriveKeyRing(tokenKeys, REFRESH_TOKEN_PURPOSE),
    deriveKeyRing(tokenKeys, TOKEN_ID_PURPOSE),
    jwks && importSigningKeys(jwks),
  ]);
  if (typeof signingKeys === "string") throw new SigningKeyError(`SIGNING_KEYS: ${signingKeys}`);
  return { accessTokenRing, refreshTokenRing, tokenIdRing, signingKeys };
}

/** Purpose of the key for digests of origins. */
const ORIGIN_PURPOSE = "tollgate refresh origin";

/**
 * Derives the key for digests of the networks that requests come from.
 *
 * @param tokenKey the ring key that seals
 */
export async function deriveOriginKey(tokenKey: Bytes): Promise<CryptoKey> {
  return hmacKey(await hkdfSha256(tokenKey, ORIGIN_PURPOSE, 32));
}
