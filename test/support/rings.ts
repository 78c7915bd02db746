import type { Bytes } from "../../src/crypto/bytes.ts";
import { deriveKeyRing, type KeyRing, RING_KEY_BYTES } from "../../src/crypto/key-ring.ts";

/** A raw ring key that a test names by one byte. */
export function rawKey(byte: number): Bytes {
  return new Uint8Array(RING_KEY_BYTES).fill(byte);
}

/** The ring of one purpose over the keys of these names, the first of which seals. */
export function ringOf(purpose: string, ...names: number[]): Promise<KeyRing> {
  return deriveKeyRing(names.map(rawKey), purpose);
}
