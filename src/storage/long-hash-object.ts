import { DurableObject } from "cloudflare:workers";
import { type Bytes, toHex } from "../crypto/bytes.ts";
import { longPbkdf2 } from "../crypto/long-pbkdf2.ts";

/** What an object makes of a password. */
export type LongHashResult =
  | { readonly kind: "derived"; readonly key: Bytes }
  /** It has too much to do already, and has done nothing. */
  | { readonly kind: "busy" };

/**
 * Derivations that one object takes on: one under way and two that wait for it. At four seconds
 * each, the last is answered before its caller gives up.
 */
export const DERIVATIONS_MAX = 3;

/**
 * Derives keys with more iterations than WebCrypto does in one call, which takes seconds of CPU: in
 * an object of its own, so that no other request shares its CPU limit or waits for it. One at a
 * time, with pauses in which the object answers who comes meanwhile. Stores nothing.
 */
export class ForeignPasswords extends DurableObject<unknown> {
  readonly #underWay = new Map<string, Promise<Bytes>>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Derives the key of one password. Who asks the same as somebody before shares that answer: a
   * busy client's first requests all bring the same secret.
   */
  async derive(password: string, salt: Bytes, iterations: number): Promise<LongHashResult> {
    const question = `${iterations} ${toHex(salt)} ${password}`;
    const known = this.#underWay.get(question);
    if (known !== undefined) return { kind: "derived", key: await known };
    if (this.#underWay.size >= DERIVATIONS_MAX) return { kind: "busy" };
    const key = this.#inTurn(() => longPbkdf2(password, salt, iterations, pause));
    this.#underWay.set(question, key);
    try {
      return { kind: "derived", key: await key };
    } finally {
      this.#underWay.delete(question);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A timer, since the thread is shared with whoever waits for an event, and no promise is one. */
function pause(): Promise<void> {
  return scheduler.wait(0);
}
