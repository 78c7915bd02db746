import type { Bytes } from "../crypto/bytes.ts";
import { formatRingKeys, parseRingKeys, RING_KEY_BYTES, ringKeyId } from "../crypto/key-ring.ts";
import type { Random } from "../crypto/random.ts";
import {
  describeSigningKey,
  generateSigningKey,
  type JWK,
  parseJwkSet,
  type SigningAlgorithm,
} from "../crypto/signing-keys.ts";
import { invalid } from "../errors/management-error.ts";

/** The secrets that hold keys in an order: the first is used, all are accepted. */
export type KeySecret = "TOKEN_KEYS" | "SIGNING_KEYS";

/** Keys as their secret has them. Only {@link KeySet.value} is to be kept secret. */
export interface KeySet {
  /** In the order of the secret: the first seals or signs. */
  readonly keys: readonly { readonly id: string; readonly algorithm: string }[];
  /** What to put into the secret. */
  readonly value: string;
}

/**
 * How long to wait after each step of a rotation: the one place that says so. Commands print it,
 * and a test compares docs/operations.md with it.
 */
export const KEY_WAITS: Readonly<Record<KeySecret, { add: string; promote: string }>> = {
  TOKEN_KEYS: {
    add: "2 minutes, until the secret is everywhere",
    // Each refresh seals anew, with the key in front.
    promote: "`REFRESH_IDLE_TTL_SECONDS` (30 days), or a client's own if longer",
  },
  SIGNING_KEYS: {
    add: "15 minutes, until every API has the public key",
    promote: "`ACCESS_TOKEN_TTL_SECONDS` (an hour), or a client's own if longer",
  },
};

/** What a ring key is for; it has no algorithm of its own to choose. */
const RING_ALGORITHM = "A256CTR+HS256";

/** Shortest start of an id that is taken for it. */
const ID_START_MIN = 4;

interface Key {
  readonly id: string;
  readonly algorithm: string;
  readonly material: Bytes | JWK;
}

/** Makes the value of a secret that is not there yet: one key. */
export async function firstKey(secret: KeySecret, random: Random): Promise<string> {
  return write(secret, [await makeKey(secret, "ES256", random)]).value;
}

/** @throws ManagementError `invalid` when the value is no such secret; quotes none of it */
export async function listKeys(secret: KeySecret, value: string): Promise<KeySet> {
  return write(secret, await read(secret, value));
}

/**
 * Adds a key at the end, so that all that accept keys know it before anything is sealed with it.
 *
 * @param algorithm of a signing key
 * @throws ManagementError `invalid` when the value is no such secret, or full
 */
export async function addKey(
  secret: KeySecret,
  value: string,
  { algorithm, random }: { readonly algorithm: SigningAlgorithm; readonly random: Random },
): Promise<KeySet> {
  const keys = await read(secret, value);
  const set = write(secret, [...keys, await makeKey(secret, algorithm, random)]);
  // The reader knows how many there may be.
  await read(secret, set.value);
  return set;
}

/**
 * Moves a key to the front: it seals or signs from now on.
 *
 * @throws ManagementError `invalid` when the value is no such secret or has no such key
 */
export async function promoteKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const promoted = find(keys, id);
  return write(secret, [promoted, ...keys.filter((key) => key !== promoted)]);
}

/**
 * Takes a key away: what it sealed or signed is refused from now on.
 *
 * @throws ManagementError `invalid` when it is the first or the only one, or there is none
 */
export async function retireKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const retired = find(keys, id);
  const use = secret === "TOKEN_KEYS" ? "seals" : "signs";
  if (keys.length === 1) throw invalid(`${id} is the only key`);
  if (retired === keys[0]) throw invalid(`${id} is the key that ${use}; promote another first`);
  return write(
    secret,
    keys.filter((key) => key !== retired),
  );
}

function find(keys: readonly Key[], id: string): Key {
  const begun = keys.filter((key) => id.length >= ID_START_MIN && key.id.startsWith(id));
  const found = keys.find((key) => key.id === id) ?? begun[0];
  if (found === undefined) throw invalid("there is no key of this id");
  if (begun.length > 1 && found.id !== id) throw invalid("several keys begin so; write more of it");
  return found;
}

async function read(secret: KeySecret, value: string): Promise<Key[]> {
  if (secret === "TOKEN_KEYS") {
    const keys = parseRingKeys(value);
    if (typeof keys === "string") throw invalid(`${secret}: ${keys}`);
    return Promise.all(keys.map(ringKey));
  }
  const keys = parseJwkSet(value);
  if (typeof keys === "string") throw invalid(`${secret}: ${keys}`);
  return Promise.all(keys.map(signingKey));
}

function write(secret: KeySecret, keys: readonly Key[]): KeySet {
  const material = keys.map((key) => key.material);
  return {
    keys: keys.map(({ id, algorithm }) => ({ id, algorithm })),
    value:
      secret === "TOKEN_KEYS"
        ? formatRingKeys(material as Bytes[])
        : JSON.stringify({ keys: material }),
  };
}

async function makeKey(
  secret: KeySecret,
  algorithm: SigningAlgorithm,
  random: Random,
): Promise<Key> {
  return secret === "TOKEN_KEYS"
    ? ringKey(random(RING_KEY_BYTES))
    : signingKey(await generateSigningKey(algorithm));
}

async function ringKey(material: Bytes): Promise<Key> {
  return { id: await ringKeyId(material), algorithm: RING_ALGORITHM, material };
}

async function signingKey(material: JWK): Promise<Key> {
  return { ...(await describeSigningKey(material)), material };
}
