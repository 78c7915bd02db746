import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import { callWithDeadline } from "../deadline.ts";
import type { UsedAssertions } from "./used-assertions.ts";

/** Client assertions that were used, seen from the Worker. */
export interface AssertionStore {
  /**
   * Consumes the `jti` of a client's assertion (RFC 7523 §3).
   *
   * @returns whether this is its first use
   * @throws Unavailable when the object fails. Not repeated: a lost answer would make a first use
   *   look like a second one
   */
  consume(clientId: string, tokenId: string, expiresAtMs: number, nowMs: number): Promise<boolean>;
}

/** Builds the {@link AssertionStore} over the Durable Object namespace. */
export function createAssertionStore(
  objects: DurableObjectNamespace<UsedAssertions>,
): AssertionStore {
  return {
    async consume(clientId, tokenId, expiresAtMs, nowMs) {
      const key = toHex(await sha256(tokenId));
      return callWithDeadline("assertion.consume", async () => {
        return await objects.getByName(clientId).consume(key, expiresAtMs, nowMs);
      });
    },
  };
}
