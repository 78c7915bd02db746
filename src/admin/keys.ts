import type { Bytes } from "../crypto/bytes.ts";
import type { Random } from "../crypto/random.ts";
import { formatRingKeys, parseRingKeys, RING_KEY_BYTES, ringKeyId } from "../crypto/seal.ts";
import {
  describeSigningKey,
  generateSigningKey,
  type JWK,
  parseJwkSet,
  type SigningAlgorithm,
} from "../crypto/signing-keys.ts";
import { invalid } from "../errors/management-error.ts";

/** Secrets that contain an ordered list of keys: the first is used, all are accepted. */
export type KeySecret = "TOKEN_KEYS" | "SIGNING_KEYS";

/** The keys of a secret. Only {@link KeySet.value} is confidential. */
export interface KeySet {
  /** In order: the first seals or signs. */
  readonly keys: readonly { readonly id: string; readonly algorithm: string }[];
  /** The value of the secret. */
  readonly value: string;
}

/**
 * How long to wait after each step of a rotation. Commands print it, and a test compares
 * docs/operations.md with it.
 */
export const KEY_WAITS: Readonly<Record<KeySecret, { add: string; promote: string }>> = {
  TOKEN_KEYS: {
    add: "2 minutes, until the secret is everywhere",
    // Every refresh seals a new token with the first key.
    promote: "`REFRESH_IDLE_TTL_SECONDS` (30 days), or a client's own if longer",
  },
  SIGNING_KEYS: {
    add: "15 minutes, until every API has the public key",
    promote: "`ACCESS_TOKEN_TTL_SECONDS` (an hour), or a client's own if longer",
  },
};

/** The algorithm of all TOKEN_KEYS. */
const RING_ALGORITHM = "A256CTR+HS256";

/** Minimum length of an abbreviated id. */
const ID_START_MIN = 4;

interface Key {
  readonly id: string;
  readonly algorithm: string;
  readonly material: Bytes | JWK;
}

/** Generates the value of a new secret: one key. */
export async function firstKey(secret: KeySecret, random: Random): Promise<string> {
  return write(secret, [await makeKey(secret, "ES256", random)]).value;
}

/** Lists keys. @throws ManagementError `invalid` for an invalid value, without quoting it */
export async function listKeys(secret: KeySecret, value: string): Promise<KeySet> {
  return write(secret, await read(secret, value));
}

/**
 * Adds a key at the end, so that it is accepted everywhere before it is used.
 *
 * @param algorithm of a signing key
 * @throws ManagementError `invalid` when the value is invalid or has the maximum number of keys
 */
export async function addKey(
  secret: KeySecret,
  value: string,
  { algorithm, random }: { readonly algorithm: SigningAlgorithm; readonly random: Random },
): Promise<KeySet> {
  const keys = await read(secret, value);
  const set = write(secret, [...keys, await makeKey(secret, algorithm, random)]);
  // Parsing checks the maximum number of keys.
  await read(secret, set.value);
  return set;
}

/**
 * Moves a key to the front, so that it seals or signs new tokens.
 *
 * @throws ManagementError `invalid` when the value is invalid or the key is unknown
 */
export async function promoteKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const promoted = find(keys, id);
  return write(secret, [promoted, ...keys.filter((key) => key !== promoted)]);
}

/**
 * Removes a key. Tokens that it sealed or signed become invalid.
 *
 * @throws ManagementError `invalid` when the key is unknown, the first one or the only one
 */
export async function retireKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const retired = find(keys, id);
  const use = secret === "TOKEN_KEYS" ? "seals" : "signs";
  if (keys.length === 1) throw invalid(`${id} is the only key; add another first`);
  if (retired === keys[0])
    throw invalid(`${id} is the key that ${use} new tokens; promote another first`);
  return write(
    secret,
    keys.filter((key) => key !== retired),
  );
}

function find(keys: readonly Key[], id: string): Key {
  const begun = keys.filter((key) => id.length >= ID_START_MIN && key.id.startsWith(id));
  const found = keys.find((key) => key.id === id) ?? begun[0];
  if (found === undefined) throw invalid("unknown key id");
  if (begun.length > 1 && found.id !== id)
    throw invalid("several keys match; use more characters of the id");
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
