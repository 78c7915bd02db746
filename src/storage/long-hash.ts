import { sha256 } from "../crypto/digest.ts";
import type { DeriveLong } from "../crypto/long-pbkdf2.ts";
import { callWithDeadline } from "../deadline.ts";
import { Refusal } from "../protocol/refusal.ts";
import { measure } from "../telemetry/request-log.ts";
import type { ForeignPasswords } from "./foreign-passwords.ts";

/** Objects that derive side by side, wherever in the world they are asked. */
export const FOREIGN_OBJECTS = 16;

/** How long a derivation may take, in milliseconds: three of the longest, one after the other. */
export const DERIVATION_DEADLINE_MS = 15_000;

/**
 * Builds the {@link DeriveLong} of the Worker, which leaves the work to a Durable Object. The salt
 * says which: a record always has the same one, so that the simultaneous first uses of a record
 * meet, and guesses at one record hold up few others.
 *
 * What it builds throws Refusal `hashing_busy` when the object has too much to do already, and
 * Unavailable when it fails or does not answer in time. The derivation never falls back to the
 * Worker itself.
 */
export function createForeignDerivation(
  objects: DurableObjectNamespace<ForeignPasswords>,
): DeriveLong {
  return async (password, salt, iterations) => {
    const [byte = 0] = await sha256(salt);
    const object = objects.getByName(String(byte % FOREIGN_OBJECTS));
    // Both a derivation and a call to an object, so that it counts as either in the log.
    const outcome = await measure("pbkdf2.javascript", () => {
      const derive = async () => await object.derive(password, salt, iterations);
      return callWithDeadline("password.derive", derive, DERIVATION_DEADLINE_MS);
    });
    if (outcome.kind === "busy") throw new Refusal("hashing_busy");
    return outcome.key;
  };
}
