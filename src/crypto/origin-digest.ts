import { networkOf } from "../protocol/address.ts";
import { toHex, utf8 } from "./bytes.ts";
import { hkdfSha256, hmacKey, hmacSha256 } from "./digest.ts";

/**
 * Digests the network of a request, to compare two uses of a refresh token without storing an
 * address. Digests of different families cannot be compared.
 *
 * @returns undefined if the address is unknown
 */
export type DigestOrigin = (
  familyId: string,
  address: string | null,
) => Promise<string | undefined>;

/** Purpose of the key for these digests. */
const PURPOSE = "tollgate refresh origin";

/** Enough digits to distinguish the origins of one family. */
const DIGITS = 16;

/** Derives a {@link DigestOrigin}. @param tokenKey the ring key that seals */
export async function deriveDigestOrigin(tokenKey: Uint8Array<ArrayBuffer>): Promise<DigestOrigin> {
  const key = await hmacKey(await hkdfSha256(tokenKey, PURPOSE, 32));
  return async (familyId, address) => {
    if (address === null) return undefined;
    const digest = await hmacSha256(key, utf8(`${familyId} ${networkOf(address)}`));
    return toHex(digest).slice(0, DIGITS);
  };
}
