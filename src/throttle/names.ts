import { toHex, utf8 } from "../crypto/bytes.ts";
import { hkdfSha256, hmacKey, hmacSha256, sha256 } from "../crypto/digest.ts";
import { networkOf } from "../limits/address.ts";

/**
 * What is guessed at: a user's password, users' passwords through one client, a client's secret.
 */
export type Guessed = "user" | "client" | "secret";

/** Where an attempt comes from. */
export interface Origin {
  /** As the platform says, or null: a Worker of the operator's own that sends none. */
  readonly address: string | null;
  /** A client that has proved itself, or null: anybody can say to be a public one. */
  readonly provedClientId: string | null;
}

/**
 * Names counters and places, so that neither says at rest who or where they are. A counter's name
 * is a digest without a key, since counts must outlive a change of keys: whoever guesses the name
 * of a user can recognise it.
 */
export interface ThrottleNames {
  /** The name of the counter of one secret. */
  counter(guessed: Guessed, name: string): Promise<string>;
  /** The places that an attempt at that secret comes from. */
  places(counter: string, origin: Origin): Promise<readonly string[]>;
}

/** Purpose of the key under which places are digested. */
const PLACE_PURPOSE = "tollgate throttle place";

/** Half of a digest tells 16 places of a counter apart. */
const PLACE_DIGITS = 32;

/**
 * Builds the {@link ThrottleNames}. All IPv4 addresses can be tried, so that a place is digested
 * under a key; when another key comes first in the ring, every place is new once.
 *
 * @param tokenKey the ring key that seals
 */
export async function deriveThrottleNames(
  tokenKey: Uint8Array<ArrayBuffer>,
): Promise<ThrottleNames> {
  const key = await hmacKey(await hkdfSha256(tokenKey, PLACE_PURPOSE, 32));

  async function place(text: string): Promise<string> {
    return toHex(await hmacSha256(key, utf8(text))).slice(0, PLACE_DIGITS);
  }

  return {
    async counter(guessed, name) {
      return `${guessed} ${toHex(await sha256(name))}`;
    },
    async places(counter, { address, provedClientId }) {
      return Promise.all([
        ...(address === null ? [] : [place(`${counter} address ${networkOf(address)}`)]),
        ...(provedClientId === null ? [] : [place(`${counter} client ${provedClientId}`)]),
      ]);
    },
  };
}
