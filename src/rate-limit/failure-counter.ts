import { DurableObject } from "cloudflare:workers";
import { callWithDeadline, createCallLimit } from "../isolate.ts";
import {
  type Admission,
  type AdmissionRequest,
  admit,
  type Counter,
  type FailurePolicy,
  type FailureState,
  hasFailures,
  NO_FAILURES,
  neededUntilMs,
  offsetFailures,
  recordFailure,
  recordSuccess,
  resetFailures,
  unknownAdmittedAtMs,
} from "./failures.ts";

/** How an attempt ended. Property names cannot change: Workers of two versions may call. */
export interface AttemptResult {
  /** The number that {@link FailureCounter.admit} returned; null: it was not called. */
  readonly ticket: number | null;
  readonly counter: Counter;
  /** `dropped`: unknown, for example because storage failed. */
  readonly result: "failed" | "succeeded" | "dropped";
  /** The origins of a success, known from now on. */
  readonly places: readonly string[];
  /** Successes of other users, each of which offsets a failure from an unknown origin. */
  readonly forgiven: number;
  /** As {@link AdmissionRequest.unlockedAtMs}; absent: the attempt did not fail. */
  readonly unlockedAtMs?: number;
}

/** An {@link Admission}, with the number under which its result is recorded. */
export type NumberedAdmission =
  | (Extract<Admission, { readonly kind: "admitted" }> & { readonly ticket: number })
  | (Exclude<Admission, { readonly kind: "admitted" }> & {
      /** The last unlock that was applied; null: there are no failures to reset. */
      readonly appliedUnlockMs?: number | null;
    });

/** What is stored: the state, and until when it is needed. */
interface FailureRow {
  readonly state: FailureState;
  readonly neededUntilMs: number;
}

const ROW_KEY = "failures";

/**
 * How long an attempt may take, in milliseconds: the longest derivation, and the call to an old
 * token endpoint. One without a result by then was aborted, and counts as failed.
 */
const PENDING_MS_MAX = 30_000;

/**
 * Counts the failures at one secret exactly: an attempt is admitted before it is made, and counts
 * as failed until its result is recorded. Attempts in progress are only in memory, so that a right
 * password writes no row. Applies the events of `rate-limit/failures.ts`, each in one synchronous
 * block.
 */
export class FailureCounter extends DurableObject<unknown> {
  readonly #pending = new Map<number, { readonly counter: Counter; readonly atMs: number }>();
  #tickets = 0;
  /** The latest unlock that a request named. */
  #unlockedAtMs = 0;

  /** Admits an attempt, or returns when the next is admitted. */
  async admit(
    request: AdmissionRequest,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<NumberedAdmission> {
    await this.#failAborted(nowMs, policy);
    this.#unlockedAtMs = Math.max(this.#unlockedAtMs, request.unlockedAtMs ?? 0);
    if (hasFailures(this.#load())) await this.#applyUnlock(policy);
    const state = this.#load();
    const countPending = (counter: Counter) =>
      [...this.#pending.values()].filter((attempt) => attempt.counter === counter).length;
    const admission = admit(state, request, countPending, nowMs, policy);
    if (admission.kind !== "admitted") {
      const appliedUnlockMs = hasFailures(state) ? (state.unlockedAtMs ?? 0) : null;
      return { ...admission, appliedUnlockMs };
    }
    this.#tickets += 1;
    this.#pending.set(this.#tickets, { counter: admission.counter, atMs: nowMs });
    return { ...admission, ticket: this.#tickets };
  }

  /**
   * Records how an attempt ended. A repeated call counts twice: a lost response throttles slightly
   * more. The method name cannot change: Workers of two versions may call.
   *
   * @returns when the next attempt from an unknown origin may start
   */
  async settle(ended: AttemptResult, nowMs: number, policy: FailurePolicy): Promise<number> {
    const { ticket, counter, result, places, forgiven, unlockedAtMs = 0 } = ended;
    if (ticket !== null) this.#pending.delete(ticket);
    this.#unlockedAtMs = Math.max(this.#unlockedAtMs, unlockedAtMs);
    const before = this.#load();
    let state = offsetFailures(before, forgiven, nowMs, policy);
    // The unlock first, or the next attempt would reset this failure too.
    if (result === "failed") state = resetFailures(state, this.#unlockedAtMs);
    if (result === "failed") state = recordFailure(state, counter, nowMs, policy);
    if (result === "succeeded") state = recordSuccess(state, places, nowMs, policy);
    if (state !== before) await this.#store(state, policy);
    return unknownAdmittedAtMs(state, nowMs, policy);
  }

  /** Deletes the state once it is not needed, or sets the next alarm. */
  override async alarm(): Promise<void> {
    const row = this.#row();
    if (row !== undefined && Date.now() < row.neededUntilMs) {
      await this.ctx.storage.setAlarm(row.neededUntilMs);
    } else {
      await this.ctx.storage.deleteAll();
    }
  }

  async #failAborted(nowMs: number, policy: FailurePolicy): Promise<void> {
    const before = this.#load();
    let state = before;
    for (const [ticket, { counter, atMs }] of this.#pending) {
      if (nowMs - atMs < PENDING_MS_MAX) continue;
      this.#pending.delete(ticket);
      state = recordFailure(state, counter, atMs, policy);
    }
    if (state !== before) await this.#store(state, policy);
  }

  async #applyUnlock(policy: FailurePolicy): Promise<void> {
    const before = this.#load();
    const state = resetFailures(before, this.#unlockedAtMs);
    if (state !== before) await this.#store(state, policy);
  }

  #row(): FailureRow | undefined {
    return this.ctx.storage.kv.get<FailureRow>(ROW_KEY);
  }

  #load(): FailureState {
    return this.#row()?.state ?? NO_FAILURES;
  }

  /** Setting an alarm writes a row, so it is set once; afterwards the alarm sets itself. */
  async #store(state: FailureState, policy: FailurePolicy): Promise<void> {
    const row: FailureRow = { state, neededUntilMs: neededUntilMs(state, policy) };
    this.ctx.storage.kv.put(ROW_KEY, row);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(row.neededUntilMs);
    }
  }
}

/**
 * The Worker's interface to failure counters: one Durable Object per guessable secret.
 *
 * Both methods throw Unavailable when the object fails or does not respond in time. They are not
 * retried: an attempt whose admission was lost counts as failed after a while.
 */
export interface FailureCounters {
  /**
   * Asks whether an attempt may be made. The result of an admitted one must be recorded.
   *
   * @throws Refusal `throttle_busy` when this isolate already waits for many calls to the counter
   */
  admit(
    name: string,
    request: AdmissionRequest,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<NumberedAdmission>;
  /** Records how an attempt ended. @returns when the next one from an unknown origin may start */
  record(
    name: string,
    result: AttemptResult,
    nowMs: number,
    policy: FailurePolicy,
  ): Promise<number>;
}

/** Builds the {@link FailureCounters} over the Durable Object namespace. */
export function createFailureCounters(
  objects: DurableObjectNamespace<FailureCounter>,
  clock: () => number,
): FailureCounters {
  const limit = createCallLimit("throttle_busy", clock);
  return {
    admit(name, request, nowMs, policy) {
      return limit.run(name, () => {
        return callWithDeadline("failures.admit", async () => {
          return await objects.getByName(name).admit(request, nowMs, policy);
        });
      });
    },
    // Not limited: an unrecorded attempt counts as failed, and each follows a password check.
    record(name, result, nowMs, policy) {
      return callWithDeadline("failures.settle", async () => {
        return await objects.getByName(name).settle(result, nowMs, policy);
      });
    },
  };
}
