import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, utf8 } from "./bytes.ts";
import { DERIVED_BYTES } from "./password-hash.ts";

/**
 * Iterations between two pauses: some 2 ms of work. Counted and not timed, since the clock of a
 * Worker does not advance while it computes.
 */
export const ITERATIONS_PER_STRETCH = 1000;

/** Number of the only block (RFC 8018 §5.2), as four bytes. */
const FIRST_BLOCK = [0, 0, 0, 1];

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018 §5.2) in JavaScript, with any number of iterations. WebCrypto cannot
 * do it in parts: it returns the XOR of all blocks and not the last one, from which to continue.
 *
 * @param pause yields the thread to other work
 * @returns 32 bytes
 */
export async function longPbkdf2(
  password: string,
  salt: Bytes,
  iterations: number,
  pause: () => Promise<unknown> = noPause,
): Promise<Bytes> {
  // Keyed once and cloned for each block, which halves the work.
  const { iHash: inner, oHash: outer } = hmac.create(sha256, utf8(password));
  const scratch = inner._cloneInto();
  const block = new Uint8Array(DERIVED_BYTES);
  const authenticate = (message: Uint8Array) => {
    inner._cloneInto(scratch).update(message).digestInto(block);
    outer._cloneInto(scratch).update(block).digestInto(block);
  };
  authenticate(concat(salt, FIRST_BLOCK));
  const derived = Uint8Array.from(block);
  for (let done = 1; done < iterations; ) {
    const stretchEnd = Math.min(done + ITERATIONS_PER_STRETCH, iterations);
    for (; done < stretchEnd; done += 1) {
      authenticate(block);
      for (let index = 0; index < DERIVED_BYTES; index += 1) {
        derived[index] = (derived[index] as number) ^ (block[index] as number);
      }
    }
    if (done < iterations) await pause();
  }
  return derived;
}

async function noPause(): Promise<void> {}
