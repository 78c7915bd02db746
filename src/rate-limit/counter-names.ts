import { toHex, utf8 } from "../crypto/bytes.ts";
import { hkdfSha256, hmacKey, hmacSha256, sha256 } from "../crypto/digest.ts";
import { networkOf } from "../protocol/address.ts";
import { usernameKey } from "../protocol/usernames.ts";

/** A request to check a user's password. */
export interface LoginRequest {
  readonly username: string;
  readonly clientId: string;
  /** Whether the client has authenticated: anyone can name a public client. */
  readonly isClientProved: boolean;
  /** Of the user, or null: a Worker of the operator's own account sends none. */
  readonly address: string | null;
  /** When an operator last unlocked the user, which forgets all failures; 0: never. */
  readonly unlockedAtMs: number;
}

/** The counters that a login concerns, and the place that it comes from. */
export interface LoginNames {
  readonly user: string;
  /** Of failures through the client from places that are unknown for the user. */
  readonly client: string;
  /** Of failures through the client from this one place. */
  readonly origin: string;
  /** At most one; none when nothing is known of where the login comes from. */
  readonly places: readonly string[];
}

/**
 * Names counters and places, so that storage says neither who nor where they are. A counter's name
 * is a digest without a key, since counts must outlive a change of keys: a guessed user name can be
 * recognised.
 */
export interface CounterNames {
  /** However the user name is spelled, its counter is the same. */
  login(request: LoginRequest): Promise<LoginNames>;
  /** The counter of a client's own secret. */
  secret(clientId: string): Promise<string>;
  /** The places of an attempt at a client's own secret. */
  secretPlaces(counter: string, address: string | null): Promise<readonly string[]>;
}

/** Purpose of the key under which places are digested. */
const PLACE_PURPOSE = "tollgate throttle place";

/** Half of a digest tells 16 places of a counter apart. */
const PLACE_DIGITS = 32;

/**
 * Builds the {@link CounterNames}. All IPv4 addresses can be tried, so a place is digested under a
 * key. A new first key in the ring makes every place new once.
 *
 * @param tokenKey the ring key that seals
 */
export async function deriveCounterNames(tokenKey: Uint8Array<ArrayBuffer>): Promise<CounterNames> {
  const key = await hmacKey(await hkdfSha256(tokenKey, PLACE_PURPOSE, 32));

  async function digest(text: string): Promise<string> {
    return toHex(await hmacSha256(key, utf8(text))).slice(0, PLACE_DIGITS);
  }

  return {
    async login({ username, clientId, isClientProved, address }) {
      const user = `user ${toHex(await sha256(usernameKey(username)))}`;
      const client = `client ${toHex(await sha256(clientId))}`;
      // All callers of a Worker that sends no address share the place of their client.
      const place =
        address === null
          ? isClientProved
            ? `client ${clientId}`
            : null
          : `address ${networkOf(address)}`;
      const origin = `origin ${await digest(`${client} ${place}`)}`;
      const places = place === null ? [] : [await digest(`${user} ${place}`)];
      return { user, client, origin, places };
    },

    async secret(clientId) {
      return `secret ${toHex(await sha256(clientId))}`;
    },

    async secretPlaces(counter, address) {
      return address === null ? [] : [await digest(`${counter} address ${networkOf(address)}`)];
    },
  };
}
