import { hkdfSha256, hmacKey, hmacSha256, sha256, toHex, utf8 } from "../crypto/bytes.ts";
import { networkOf } from "../protocol/address.ts";
import { usernameKey } from "../protocol/usernames.ts";
import type { Lookup } from "../storage/lookups.ts";
import type { NamedUser } from "../storage/users.ts";

/** A request to check a user's password. */
export interface LoginRequest {
  readonly username: string;
  readonly clientId: string;
  /** Whether the client has authenticated: anyone can name a public client. */
  readonly isClientProved: boolean;
  /** Of the user, or null: a Worker of the operator's own account sends none. */
  readonly address: string | null;
  /** Who has that name. Awaited only where an unlock by an operator can matter. */
  readonly named: NamedUser | Lookup<NamedUser>;
}

/** The counters of a login, and its origin. */
interface LoginNames {
  readonly user: string;
  /** Counts failures through the client from origins that are unknown for the user. */
  readonly client: string;
  /** Counts failures through the client from this origin. */
  readonly clientOrigin: string;
  /** The digest of the login's origin; none if its origin is unknown. */
  readonly origins: readonly string[];
}

/**
 * Names counters and origins, so that storage contains neither user names nor addresses. The name
 * of a counter is a digest without a key, since counters must survive a change of keys: it reveals
 * a user name to someone who guesses it.
 */
export interface CounterNames {
  /** All spellings of a user name have the same counter. */
  login(request: Omit<LoginRequest, "named">): Promise<LoginNames>;
  /** The counter of a client's own secret. */
  secret(clientId: string): Promise<string>;
  /** The origin of an attempt at a client's own secret. */
  secretOrigins(counter: string, address: string | null): Promise<readonly string[]>;
}

/** Purpose of the key under which origins are digested. Stored digests depend on it. */
const ORIGIN_PURPOSE = "tollgate throttle place";

/** Half of a digest distinguishes the 16 origins of a counter. */
const ORIGIN_DIGITS = 32;

/**
 * Builds the {@link CounterNames}. Origins are digested under a key, since all IPv4 addresses can
 * be tried. A new first key in the ring makes all origins unknown once.
 *
 * @param tokenKey the ring key that seals
 */
export async function deriveCounterNames(tokenKey: Uint8Array<ArrayBuffer>): Promise<CounterNames> {
  const key = await hmacKey(await hkdfSha256(tokenKey, ORIGIN_PURPOSE, 32));

  async function digest(text: string): Promise<string> {
    return toHex(await hmacSha256(key, utf8(text))).slice(0, ORIGIN_DIGITS);
  }

  return {
    async login({ username, clientId, isClientProved, address }) {
      const user = `user ${toHex(await sha256(usernameKey(username)))}`;
      const client = `client ${toHex(await sha256(clientId))}`;
      // All callers of a Worker that sends no address share the origin of their client.
      const origin =
        address === null
          ? isClientProved
            ? `client ${clientId}`
            : null
          : `address ${networkOf(address)}`;
      const clientOrigin = `origin ${await digest(`${client} ${origin}`)}`;
      const origins = origin === null ? [] : [await digest(`${user} ${origin}`)];
      return { user, client, clientOrigin, origins };
    },

    async secret(clientId) {
      return `secret ${toHex(await sha256(clientId))}`;
    },

    async secretOrigins(counter, address) {
      return address === null ? [] : [await digest(`${counter} address ${networkOf(address)}`)];
    },
  };
}
