import { networkOf } from "../protocol/address.ts";
import { toHex, utf8 } from "./bytes.ts";
import { hkdfSha256, hmacKey, hmacSha256 } from "./digest.ts";

/**
 * Digests the network that a request comes from, so that two uses of one refresh token can be
 * compared and no address is stored. Each family has its own digests.
 *
 * @returns undefined when the address is not known
 */
export type DigestOrigin = (
  familyId: string,
  address: string | null,
) => Promise<string | undefined>;

/** Purpose of the key under which origins are digested. */
const PURPOSE = "tollgate refresh origin";

/** Enough to tell two origins of one family apart. */
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
