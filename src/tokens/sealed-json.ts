import { fromUtf8, utf8 } from "../crypto/bytes.ts";
import type { KeyRing } from "../crypto/key-ring.ts";
import { sealToken, unsealToken } from "../crypto/seal.ts";

/** A kind of value that this service seals for itself alone, so that JSON is compact enough. */
export interface SealedKind<Value> {
  readonly seal: (ring: KeyRing, value: Value) => Promise<string>;
  /** @returns null for anything that `seal` did not write under a key of the ring */
  readonly unseal: (ring: KeyRing, sealed: string) => Promise<Value | null>;
}

/** Defines a kind. @param lengthMax longest sealed value, in characters; default: a token's */
export function sealedKind<Value>(prefix: string, lengthMax?: number): SealedKind<Value> {
  return {
    seal: (ring, value) => sealToken(prefix, ring.sealing, utf8(JSON.stringify(value)), lengthMax),
    async unseal(ring, sealed) {
      const opened = await unsealToken(prefix, ring, sealed, lengthMax);
      const text = opened && fromUtf8(opened.plaintext);
      // The seal proves that this service wrote it: the type is that of the kind.
      return text === null ? null : (JSON.parse(text) as Value);
    },
  };
}
