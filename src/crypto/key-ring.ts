import { type Bytes, fromHex, hkdfSha256, hmacKey, toHex } from "./bytes.ts";

/** Length of a key's id, in bytes. */
export const KEY_ID_BYTES = 4;

/** Length of a ring key, in bytes: `openssl rand -hex 32` generates one. */
export const RING_KEY_BYTES = 32;

/** Most keys in one ring. Keys are found by id and not tried, but every list has a limit. */
const RING_KEYS_MAX = 16;

/** A ring key for one purpose: a cipher key and a MAC key (see `seal.ts`). */
export interface SealingKey {
  /** Hexadecimal, {@link KEY_ID_BYTES} bytes; derived from the ring key. */
  readonly id: string;
  readonly cipher: CryptoKey;
  readonly mac: CryptoKey;
}

/** Keys for one purpose: the first seals, all open. */
export interface KeyRing {
  /** The key that seals. */
  readonly sealing: SealingKey;
  /** All of them, by id. A key that is retired is not among them. */
  readonly keys: ReadonlyMap<string, SealingKey>;
}

/**
 * Reads the value of a ring secret: 64 hexadecimal digits per key, separated by commas.
 *
 * @example
 * parseRingKeys("5e".repeat(32)); // one key
 *
 * @returns the raw keys, or a problem that contains no key
 */
export function parseRingKeys(text: string): readonly Bytes[] | string {
  const keys: Bytes[] = [];
  for (const [index, part] of text.split(",").entries()) {
    const key = fromHex(part.trim());
    if (key?.length !== RING_KEY_BYTES) {
      return `key ${index + 1} is not ${RING_KEY_BYTES * 2} hexadecimal digits`;
    }
    keys.push(key);
  }
  if (keys.length > RING_KEYS_MAX) return `more than ${RING_KEYS_MAX} keys`;
  if (new Set(keys.map(toHex)).size < keys.length) return "a duplicate key";
  return keys;
}

/** Writes a ring as {@link parseRingKeys} reads it. */
export function formatRingKeys(keys: readonly Bytes[]): string {
  return keys.map(toHex).join(",");
}

/** The id of a ring key: the same for every purpose, and public. */
export async function ringKeyId(raw: Bytes): Promise<string> {
  return toHex(await hkdfSha256(raw, "tollgate key id", KEY_ID_BYTES));
}

/**
 * Derives the keys for one purpose from a ring. Purposes are independent: what is sealed for one
 * cannot be opened for another.
 *
 * @param rawKeys from {@link parseRingKeys}, at least one
 */
export async function deriveKeyRing(rawKeys: readonly Bytes[], purpose: string): Promise<KeyRing> {
  const keys = await Promise.all(rawKeys.map((raw) => deriveSealingKey(raw, purpose)));
  const [sealing] = keys;
  if (sealing === undefined) throw new TypeError("a key ring needs a key");
  return { sealing, keys: new Map(keys.map((key) => [key.id, key])) };
}

async function deriveSealingKey(raw: Bytes, purpose: string): Promise<SealingKey> {
  const [id, cipher, mac] = await Promise.all([
    ringKeyId(raw),
    hkdfSha256(raw, `tollgate ${purpose} cipher`, 32),
    hkdfSha256(raw, `tollgate ${purpose} mac`, 32),
  ]);
  return {
    id,
    cipher: await crypto.subtle.importKey("raw", cipher, "AES-CTR", false, ["encrypt", "decrypt"]),
    mac: await hmacKey(mac),
  };
}
