import { sha256, toHex } from "../crypto/bytes.ts";
import { callWithDeadline } from "../isolate.ts";
import type { UsedAssertions } from "./used-assertions.ts";

/** Kinds of single-use values. */
type SingleUsePurpose = "client_assertion" | "dpop_proof";

/** A value that may be used once. */
interface SingleUse {
  readonly purpose: SingleUsePurpose;
  /** Whose value it is: one object for each purpose and owner, so that none waits for another. */
  readonly owner: string;
  /** Such as the `jti` of an assertion (RFC 7523 §3). */
  readonly value: string;
  /** When the value expires by itself, in milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** Stores which values were used. */
export interface SingleUseStore {
  /**
   * Consumes a value.
   *
   * @returns whether this is its first use
   * @throws Unavailable when the object fails. The call is not repeated: after a lost response a
   *   first use would look like a second one
   */
  consume(use: SingleUse, nowMs: number): Promise<boolean>;
}

/** Builds the {@link SingleUseStore} over the Durable Object namespace. */
export function createSingleUseStore(
  objects: DurableObjectNamespace<UsedAssertions>,
): SingleUseStore {
  return {
    async consume({ purpose, owner, value, expiresAtMs }, nowMs) {
      const key = toHex(await sha256(value));
      const object = objects.getByName(nameOf(purpose, owner));
      return callWithDeadline("assertion.consume", async () => {
        return await object.consume(key, expiresAtMs, nowMs);
      });
    },
  };
}

/**
 * Names an object. Client assertions keep the name from before there were purposes: during a
 * deployment, both versions must use one object. A client id contains no line feed.
 */
function nameOf(purpose: SingleUsePurpose, owner: string): string {
  return purpose === "client_assertion" ? owner : `${purpose}\n${owner}`;
}
