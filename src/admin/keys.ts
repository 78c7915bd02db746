import type { Bytes, Random } from "../crypto/bytes.ts";
import { problemOfKey } from "../crypto/jwk-check.ts";
import { formatRingKeys, parseRingKeys, RING_KEY_BYTES, ringKeyId } from "../crypto/key-ring.ts";
import {
  describeSigningKey,
  generateSigningKey,
  ID_TOKEN_ALGORITHM,
  type JWK,
  parseJwkSet,
  type SigningAlgorithm,
} from "../crypto/signing-keys.ts";
import { invalid } from "../errors/management-error.ts";

/**
 * Secrets that contain an ordered list of keys, all of which are accepted. The first is used. Of
 * the signing keys the first one of each algorithm also signs the ID tokens with that algorithm.
 */
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
    promote:
      "`ACCESS_TOKEN_TTL_SECONDS` or `ID_TOKEN_TTL_SECONDS` (an hour), or a client's own if longer",
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

/** The algorithms of new signing keys: of access tokens, and of ID tokens (OIDC Core §15.1). */
const FIRST_ALGORITHMS = ["ES256", "RS256"] as const;

/** Generates the value of a new secret. */
export async function firstKeys(secret: KeySecret, random: Random): Promise<string> {
  const algorithms = secret === "TOKEN_KEYS" ? FIRST_ALGORITHMS.slice(0, 1) : FIRST_ALGORITHMS;
  const keys = algorithms.map((algorithm) => makeKey(secret, algorithm, random));
  return write(secret, await Promise.all(keys)).value;
}

/** What a key is used for, other than accepting what it sealed or signed. */
export type KeyUse = "all" | "id tokens" | "nothing new";

/** What each key of a set is used for. */
export function usesOf({ keys }: Pick<KeySet, "keys">): readonly KeyUse[] {
  return keys.map(({ algorithm }, index) => {
    if (index === 0) return "all";
    const isFirst = keys.findIndex((key) => key.algorithm === algorithm) === index;
    return isFirst ? "id tokens" : "nothing new";
  });
}

/** Lists keys. @throws ManagementError `invalid` for an invalid value, without quoting it */
export async function listKeys(secret: KeySecret, value: string): Promise<KeySet> {
  return write(secret, await read(secret, value));
}

/** A key to generate, with the algorithm of a signing key; or a signing key of another server. */
export type NewKey =
  | { readonly algorithm: SigningAlgorithm; readonly random: Random }
  | { readonly jwk: JWK };

/**
 * Adds a key at the end, so that it is accepted everywhere before it is used. The id of a key of
 * another server is its thumbprint (RFC 7638), as at django-oauth-toolkit.
 *
 * @throws ManagementError `invalid` when the value or the key is invalid, the key is in it already,
 *   or it has the maximum number of keys
 */
export async function addKey(secret: KeySecret, value: string, added: NewKey): Promise<KeySet> {
  const keys = await read(secret, value);
  const key =
    "jwk" in added
      ? await foreignKey(added.jwk)
      : await makeKey(secret, added.algorithm, added.random);
  if (keys.some(({ id }) => id === key.id)) throw invalid("the key was added before");
  const set = write(secret, [...keys, key]);
  // Parsing checks the maximum number of keys.
  await read(secret, set.value);
  return set;
}

/**
 * Moves a key ahead of the others of its algorithm, so that it seals or signs what they did. One
 * that is ahead of them already moves to the front: its algorithm becomes that of access tokens.
 *
 * @throws ManagementError `invalid` when the value is invalid or the key is unknown
 */
export async function promoteKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const promoted = find(keys, id);
  const ahead = keys.findIndex((key) => key.algorithm === promoted.algorithm);
  const place = keys[ahead] === promoted ? 0 : ahead;
  const others = keys.filter((key) => key !== promoted);
  return write(secret, others.toSpliced(place, 0, promoted));
}

/**
 * Removes a key. Tokens that it sealed or signed become invalid.
 *
 * @throws ManagementError `invalid` when the key is unknown, or signs or seals new tokens
 */
export async function retireKey(secret: KeySecret, value: string, id: string): Promise<KeySet> {
  const keys = await read(secret, value);
  const retired = find(keys, id);
  const { algorithm } = retired;
  const isOnly = keys.filter((key) => key.algorithm === algorithm).length === 1;
  if (keys.length === 1) throw invalid(`${id} is the only key; add another first`);
  if (isOnly && algorithm === ID_TOKEN_ALGORITHM)
    throw invalid(`${id} is the only ${algorithm} key, which ID tokens need; add another first`);
  const use = usesOf({ keys })[keys.indexOf(retired)];
  const verb = secret === "TOKEN_KEYS" ? "seals" : "signs";
  if (use === "all" || (use === "id tokens" && !isOnly))
    throw invalid(`${id} is the key that ${verb} new tokens; promote another first`);
  return write(
    secret,
    keys.filter((key) => key !== retired),
  );
}

function find(keys: readonly Key[], id: string): Key {
  const begun = keys.filter((key) => id.length >= ID_START_MIN && key.id.startsWith(id));
  const found = keys.find((key) => key.id === id) ?? begun[0];
  if (found === undefined) throw invalid("unknown key id; see key list");
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

async function foreignKey(jwk: JWK): Promise<Key> {
  const problem = problemOfKey(jwk, "sign");
  if (problem !== null) throw invalid(`the key ${problem}`);
  return signingKey(jwk);
}

async function ringKey(material: Bytes): Promise<Key> {
  return { id: await ringKeyId(material), algorithm: RING_ALGORITHM, material };
}

async function signingKey(material: JWK): Promise<Key> {
  return { ...(await describeSigningKey(material)), material };
}
