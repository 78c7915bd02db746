import { DurableObject } from "cloudflare:workers";
import { type Bytes, toHex } from "../crypto/bytes.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";

/** The result of {@link ForeignPasswords.derive}. */
export type LongHashResult =
  | { readonly kind: "derived"; readonly key: Bytes }
  /** Too many derivations are waiting; nothing was done. */
  | { readonly kind: "busy" };

/**
 * Most derivations of one object: one in progress and two waiting. At four seconds each, the last
 * one finishes before its caller's deadline.
 */
export const DERIVATIONS_MAX = 3;

/**
 * Derives the keys of long hashes (Django's, with more iterations than one WebCrypto call may
 * have), which takes seconds of CPU. A separate object, so that no other request shares its CPU
 * limit or waits for it. One at a time, with pauses in which the object accepts other calls. Stores
 * nothing.
 *
 * The class and the binding `FOREIGN_PASSWORDS` keep their names (as `UsedAssertions` does): an
 * upgrade must start with the wrangler.toml of the previous version.
 */
export class ForeignPasswords extends DurableObject<unknown> {
  readonly #inProgress = new Map<string, Promise<Bytes>>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Derives the key of one password. Equal calls at the same time share one derivation: the first
   * requests of a busy client all present the same secret.
   */
  async derive(password: string, salt: Bytes, iterations: number): Promise<LongHashResult> {
    const name = `${iterations} ${toHex(salt)} ${password}`;
    const known = this.#inProgress.get(name);
    if (known !== undefined) return { kind: "derived", key: await known };
    if (this.#inProgress.size >= DERIVATIONS_MAX) return { kind: "busy" };
    const key = this.#inTurn(() => longPbkdf2(password, salt, iterations, pause));
    this.#inProgress.set(name, key);
    try {
      return { kind: "derived", key: await key };
    } finally {
      this.#inProgress.delete(name);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Uses a timer: an awaited promise alone would not let the object handle other events. */
function pause(): Promise<void> {
  return scheduler.wait(0);
}
