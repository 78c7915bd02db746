import { createHash } from "node:crypto";
import { deriveKeyRing, type KeyRing, parseRingKeys } from "../../src/crypto/seal.ts";
import {
  REFRESH_TOKEN_PREFIX,
  REFRESH_TOKEN_PURPOSE,
  type RefreshToken,
  unsealRefreshToken,
} from "../../src/tokens/refresh-token.ts";

/** What happened in a run, counted. */
export interface CrashCounts {
  /** Pairs that a client got and went on with. */
  acknowledged: number;
  /** Attempts that a kill cut off, all of their requests unanswered. */
  unanswered: number;
  /** Of those, how many had been committed: the client recovered a lost answer. */
  recovered: number;
  /** Attempts that sent one token twice at once. */
  doubled: number;
  /** Requests refused because another request of the same attempt was first. */
  raced: number;
  /** Requests told to come again later. */
  later: number;
}

/** A pair as a client got it. */
export interface AnsweredPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * Everything that clients saw, over all lives of the server, and what of it must never be:
 *  1. two successors of one generation;
 *  2. a successor that is not of the same family and the very next generation;
 *  3. a refusal of the last token that a client got, other than to the loser of a race.
 */
export class CrashHistory {
  readonly counts: CrashCounts = {
    acknowledged: 0,
    unanswered: 0,
    recovered: 0,
    doubled: 0,
    raced: 0,
    later: 0,
  };
  readonly violations: string[] = [];
  readonly #ring: KeyRing;
  readonly #successors = new Map<string, string>();

  private constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  static async create(tokenKeys: string): Promise<CrashHistory> {
    const keys = parseRingKeys(tokenKeys);
    if (typeof keys === "string") throw new TypeError(keys);
    return new CrashHistory(await deriveKeyRing(keys, REFRESH_TOKEN_PURPOSE));
  }

  /** Enters an answer to `presented`. @returns what its refresh token says, or null if it is bad */
  async enter(presented: string, pair: AnsweredPair): Promise<RefreshToken | null> {
    const after = await unsealRefreshToken(this.#ring, pair.refreshToken);
    if (after === null) return this.#violate("a token that does not open");
    const before = (await unsealRefreshToken(this.#ring, presented)) ?? this.#foreign(presented);
    const place = `generation ${before.generation} of family ${before.familyId ?? presented}`;
    const familyId = before.familyId ?? after.familyId;
    if (after.familyId !== familyId || after.generation !== before.generation + 1) {
      return this.#violate(`${place} got ${after.generation} of ${after.familyId}`);
    }
    const digest = createHash("sha256").update(`${pair.accessToken} ${pair.refreshToken}`);
    const successor = digest.digest("base64url");
    const known = this.#successors.get(place) ?? successor;
    if (known !== successor) return this.#violate(`${place} has two successors`);
    this.#successors.set(place, successor);
    return after;
  }

  /** Enters that something happened which must not. */
  violate(violation: string): void {
    this.violations.push(violation);
  }

  /** A token of another server, which is generation 0 of a family that it does not name. */
  #foreign(presented: string): { generation: number; familyId: string | null } {
    if (presented.startsWith(REFRESH_TOKEN_PREFIX)) this.violate("a token that does not open");
    return { generation: 0, familyId: null };
  }

  #violate(violation: string): null {
    this.violate(violation);
    return null;
  }
}
