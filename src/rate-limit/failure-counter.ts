import { DurableObject } from "cloudflare:workers";
import {
  type Admission,
  type Approach,
  admit,
  type Counter,
  type FailurePolicy,
  type FailureState,
  fail,
  forget,
  forgive,
  hasFailures,
  NO_FAILURES,
  neededUntilMs,
  strangersAdmittedAtMs,
  succeed,
} from "./failures.ts";

/** How an attempt ended. */
export interface Settlement {
  /** As {@link FailureCounter.admit} numbered it; null: nobody asked before. */
  readonly ticket: number | null;
  readonly counter: Counter;
  /** `dropped`: it was never found out, as when storage failed. */
  readonly result: "failed" | "succeeded" | "dropped";
  /** Where the secret was right, to be known from now on. */
  readonly places: readonly string[];
  /** Credits, each of which offsets one failure from an unknown place. */
  readonly forgiven: number;
}

/** An {@link Admission}, with the number under which the attempt is settled. */
export type NumberedAdmission =
  | (Extract<Admission, { readonly kind: "admitted" }> & { readonly ticket: number })
  | Exclude<Admission, { readonly kind: "admitted" }>;

/** What is stored: the state, and when nobody can need it any more. */
interface FailureRow {
  readonly state: FailureState;
  readonly neededUntilMs: number;
}

const ROW_KEY = "failures";

/**
 * How long an attempt may be under way, in milliseconds: the longest derivation and the call to an
 * old token endpoint. One that is not settled by then has been cut off, and counts as failed.
 */
const PENDING_MS_MAX = 30_000;

/**
 * Counts the failures at one secret exactly: an attempt is admitted before it is made, and counts
 * as failed until it is settled. Attempts under way are in memory alone, so that a right password
 * costs no row. Applies the events of `rate-limit/failures.ts`, each in one synchronous block.
 */
export class FailureCounter extends DurableObject<unknown> {
  readonly #pending = new Map<number, { readonly counter: Counter; readonly atMs: number }>();
  #tickets = 0;
  /** The last unlock that an attempt named. */
  #unlockedAtMs = 0;

  /** Admits an attempt, or says when the next is admitted. */
  async admit(
    approach: Approach,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<NumberedAdmission> {
    await this.#failCutOff(nowMs, policy);
    this.#unlockedAtMs = Math.max(this.#unlockedAtMs, approach.unlockedAtMs ?? 0);
    if (hasFailures(this.#load())) await this.#forget(policy);
    const pendingOf = (counter: Counter) =>
      [...this.#pending.values()].filter((attempt) => attempt.counter === counter).length;
    const admission = admit(this.#load(), approach, pendingOf, nowMs, policy);
    if (admission.kind !== "admitted") return admission;
    this.#tickets += 1;
    this.#pending.set(this.#tickets, { counter: admission.counter, atMs: nowMs });
    return { ...admission, ticket: this.#tickets };
  }

  /**
   * Counts how an attempt ended. Done again it counts again: a lost answer throttles a little more.
   *
   * @returns from when on strangers may try
   */
  async settle(settlement: Settlement, nowMs: number, policy: FailurePolicy): Promise<number> {
    const { ticket, counter, result, places, forgiven } = settlement;
    if (ticket !== null) this.#pending.delete(ticket);
    const before = this.#load();
    let state = forgive(before, forgiven, nowMs, policy);
    // With the mark, or the next attempt would forget this failure too.
    if (result === "failed") state = forget(state, this.#unlockedAtMs);
    if (result === "failed") state = fail(state, counter, nowMs, policy);
    if (result === "succeeded") state = succeed(state, places, nowMs, policy);
    if (state !== before) await this.#store(state, policy);
    return strangersAdmittedAtMs(state, nowMs, policy);
  }

  /** Removes what says nothing any more, and otherwise looks again when it will not. */
  override async alarm(): Promise<void> {
    const row = this.#row();
    if (row !== undefined && Date.now() < row.neededUntilMs) {
      await this.ctx.storage.setAlarm(row.neededUntilMs);
    } else {
      await this.ctx.storage.deleteAll();
    }
  }

  async #failCutOff(nowMs: number, policy: FailurePolicy): Promise<void> {
    const before = this.#load();
    let state = before;
    for (const [ticket, { counter, atMs }] of this.#pending) {
      if (nowMs - atMs < PENDING_MS_MAX) continue;
      this.#pending.delete(ticket);
      state = fail(state, counter, atMs, policy);
    }
    if (state !== before) await this.#store(state, policy);
  }

  async #forget(policy: FailurePolicy): Promise<void> {
    const before = this.#load();
    const state = forget(before, this.#unlockedAtMs);
    if (state !== before) await this.#store(state, policy);
  }

  #row(): FailureRow | undefined {
    return this.ctx.storage.kv.get<FailureRow>(ROW_KEY);
  }

  #load(): FailureState {
    return this.#row()?.state ?? NO_FAILURES;
  }

  /** An alarm costs a row written, so that it is set once and then by itself. */
  async #store(state: FailureState, policy: FailurePolicy): Promise<void> {
    const row: FailureRow = { state, neededUntilMs: neededUntilMs(state, policy) };
    this.ctx.storage.kv.put(ROW_KEY, row);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(row.neededUntilMs);
    }
  }
}
