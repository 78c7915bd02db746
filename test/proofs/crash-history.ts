import { createHash } from "node:crypto";
import { deriveKeyRing, type KeyRing, parseRingKeys } from "../../src/crypto/key-ring.ts";
import { CODE_PURPOSE, unsealCode } from "../../src/tokens/authorization-code.ts";
import {
  REFRESH_TOKEN_PREFIX,
  REFRESH_TOKEN_PURPOSE,
  type RefreshToken,
  unsealRefreshToken,
} from "../../src/tokens/refresh-token.ts";

/** What happened in a run, counted. */
export interface CrashCounts {
  /** Pairs that a client received and used. */
  acknowledged: number;
  /** Attempts that a kill cut off, with no response to any request. */
  unanswered: number;
  /** Of those, how many had been committed: the client recovered a lost response. */
  recovered: number;
  /** Attempts that sent one token twice at once. */
  doubled: number;
  /** Requests rejected because another request of the same attempt was first. */
  raced: number;
  /** Requests told to retry later. */
  later: number;
  /** Codes whose tokens were lost with the response, because no key repeats the exchange. */
  lost: number;
}

/** A pair as a client received it. */
export interface AnsweredPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * Everything that clients saw, over all processes of the server. It must never contain:
 *  1. two successors of one generation, or two logins by one authorization request;
 *  2. a successor that is not of the same family and the very next generation;
 *  3. a rejection of the last token that a client received, except for the loser of a race.
 */
export class CrashHistory {
  readonly counts: CrashCounts = {
    acknowledged: 0,
    unanswered: 0,
    recovered: 0,
    doubled: 0,
    raced: 0,
    later: 0,
    lost: 0,
  };
  readonly violations: string[] = [];
  readonly #ring: KeyRing;
  readonly #codeRing: KeyRing;
  readonly #successors = new Map<string, string>();

  private constructor(ring: KeyRing, codeRing: KeyRing) {
    this.#ring = ring;
    this.#codeRing = codeRing;
  }

  static async create(tokenKeys: string): Promise<CrashHistory> {
    const keys = parseRingKeys(tokenKeys);
    if (typeof keys === "string") throw new TypeError(keys);
    const ring = await deriveKeyRing(keys, REFRESH_TOKEN_PURPOSE);
    return new CrashHistory(ring, await deriveKeyRing(keys, CODE_PURPOSE));
  }

  /** Records a response to `presented`. @returns its refresh token, read, or null if it is wrong */
  async enter(presented: string, pair: AnsweredPair): Promise<RefreshToken | null> {
    const after = await unsealRefreshToken(this.#ring, pair.refreshToken);
    if (after === null) return this.#violate("a token that cannot be unsealed");
    const before = await this.#read(presented);
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

  /** The code of a request comes before the first token of the family that it begins. */
  async #read(presented: string): Promise<{ generation: number; familyId: string | null }> {
    const code = await unsealCode(this.#codeRing, presented);
    if (code !== null) return { generation: -1, familyId: code.familyId };
    return (await unsealRefreshToken(this.#ring, presented)) ?? this.#foreign(presented);
  }

  /** Records a violation. */
  violate(violation: string): void {
    this.violations.push(violation);
  }

  /** A token of another server is generation 0 of a family; it does not contain the family's id. */
  #foreign(presented: string): { generation: number; familyId: string | null } {
    if (presented.startsWith(REFRESH_TOKEN_PREFIX)) this.violate("a token that cannot be unsealed");
    return { generation: 0, familyId: null };
  }

  #violate(violation: string): null {
    this.violate(violation);
    return null;
  }
}
