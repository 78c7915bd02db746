import { sha256 } from "../crypto/bytes.ts";
import type { DeriveLong } from "../crypto/password-hash.ts";
import { Refusal } from "../errors/refusal.ts";
import { callWithDeadline } from "../isolate.ts";
import { measure } from "../telemetry/request-log.ts";
import type { ForeignPasswords } from "./long-hash-object.ts";

/** Number of objects, in the world, that derive in parallel. */
export const LONG_HASH_OBJECTS = 16;

/** How long a derivation may take, in milliseconds: three of the longest, one after the other. */
export const DERIVATION_DEADLINE_MS = 15_000;

/**
 * Builds the {@link DeriveLong} of the Worker, which delegates to a Durable Object. The salt
 * selects the object: simultaneous first uses of a hash reach the same one and share a derivation,
 * and guesses at one hash delay few others.
 *
 * The function throws Refusal `hashing_busy` when too many derivations are waiting, and Unavailable
 * when the object fails or does not respond in time. The Worker never derives by itself.
 */
export function createLongHashDerivation(
  objects: DurableObjectNamespace<ForeignPasswords>,
): DeriveLong {
  return async (password, salt, iterations) => {
    const [byte = 0] = await sha256(salt);
    const object = objects.getByName(String(byte % LONG_HASH_OBJECTS));
    // The log counts it both as a derivation and as a call to an object.
    const outcome = await measure("pbkdf2.javascript", () => {
      const derive = async () => await object.derive(password, salt, iterations);
      return callWithDeadline("password.derive", derive, DERIVATION_DEADLINE_MS);
    });
    if (outcome.kind === "busy") throw new Refusal("hashing_busy");
    return outcome.key;
  };
}
