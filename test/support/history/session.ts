import type { RegisteredClient, RegisteredUser } from "./accounts.ts";
import type { ConsentPage } from "./approval.ts";
import type { Answer, Entry, FamilyHistory, Operation, Round } from "./history.ts";

/** The two tokens of a generation. */
export interface Pair {
  readonly refreshToken: string;
  readonly accessToken: string;
}

/** How a family begins: with tokens, or with the code of an authorization request. */
export type Beginning =
  | { readonly pair: Pair }
  | { readonly consentPage: ConsentPage; readonly code: string };

/** A family as its clients know it: shared by all who hold its tokens, rightly or not. */
export class Session {
  readonly user: RegisteredUser;
  readonly client: RegisteredClient;
  /** By generation, without a gap: a holder of a successor had its predecessor. */
  readonly pairs: Pair[];
  /** The page that yielded the codes, or null. */
  readonly consentPage: ConsentPage | null;
  /** By number; null: one that no caller has. */
  readonly codes: (string | null)[];
  /** The refresh or exchange whose answer was lost last. */
  unanswered: Extract<Operation, { kind: "refresh" | "exchange" }> | null = null;
  /** Entries of the round that is being played. */
  readonly entries: Entry[] = [];
  /** In rounds. */
  age = 0;
  /** How often in a row the newest token was rejected. */
  refusals = 0;
  readonly #rounds: Round[] = [];
  readonly #frame: Omit<FamilyHistory, "rounds">;

  constructor(
    user: RegisteredUser,
    client: RegisteredClient,
    beginning: Beginning,
    frame: Omit<FamilyHistory, "rounds">,
  ) {
    this.user = user;
    this.client = client;
    this.pairs = "pair" in beginning ? [beginning.pair] : [];
    this.consentPage = "pair" in beginning ? null : beginning.consentPage;
    this.codes = "pair" in beginning ? [] : [beginning.code];
    this.#frame = frame;
  }

  /** The highest generation whose tokens any caller has; -1: none has any. */
  get newest(): number {
    return this.pairs.length - 1;
  }

  /** Makes room for another code. @returns its number */
  expectCode(): number {
    return this.codes.push(null) - 1;
  }

  /**
   * Notes the successor of a generation; that of -1 comes from a code.
   *
   * @returns what is wrong: a generation that has another successor already
   */
  learn(generation: number, successor: Pair): string | null {
    const known = this.pairs[generation + 1];
    if (known === undefined) {
      this.pairs[generation + 1] = successor;
      return null;
    }
    const isSame =
      known.refreshToken === successor.refreshToken && known.accessToken === successor.accessToken;
    return isSame ? null : `${this.#frame.name}: generation ${generation} has two successors`;
  }

  /** Notes how a refresh or exchange went that no check had to turn away. */
  noteAnswer(generation: number, answer: Answer): void {
    if (answer === "given") this.refusals = 0;
    else if (generation === this.newest && answer !== "unknown") this.refusals += 1;
  }

  /** Ends a round, in which the operator did this to the session's accounts. */
  closeRound(startMs: number, lengthMs: number, operatorEntries: readonly Entry[]): void {
    this.age += 1;
    const entries = [...this.entries.splice(0), ...operatorEntries];
    if (entries.length > 0) this.#rounds.push({ startMs, lengthMs, entries });
  }

  /** All that was ever done to it, but for the round that is being played. */
  get history(): FamilyHistory {
    return { ...this.#frame, rounds: this.#rounds };
  }
}
