/**
 * The family as a state machine, under any events in any order, in both retry modes, with a clock
 * that also runs backwards. After each event:
 *
 *  1. One successor: the current generation rises by one or stays, and the input of the tokens of a
 *     generation is the same whenever it is seen.
 *  2. A revoked family stays as it was revoked, and no rotation returns tokens.
 *  3. A rejection changes nothing, except that reuse and a rolled-back object revoke; `ended` then
 *     names what was live, and is null otherwise.
 *  4. Time in the family does not run backwards, and its creation time does not change.
 *  5. At most one generation's access token is valid at any time.
 *  6. From `neededUntilMs` on, no token of the family is valid.
 *  7. The same rotation requested twice in a row gives the same successor twice.
 *  8. A state behaves the same after it was stored and read.
 *  9. Its outcomes are those of the model (`test/support/model.ts`).
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  begin,
  type FamilyPolicy,
  type FamilyState,
  type Generation,
  isAccessTokenLive,
  neededUntilMs,
  type RevocationReason,
  type Rotation,
  type RotationStep,
  revoke,
  rotate,
} from "../../../src/tokens/family.ts";
import { type ModelFamily, modelIsActive, modelLogin, modelUse } from "../../support/model.ts";

type Event =
  | ({ kind: "rotate"; behind: number } & Omit<Rotation, "generation">)
  | { kind: "revoke"; reason: RevocationReason }
  | { kind: "wait"; ms: number };

const BIRTH_MS = 1_800_000_000_000;

const policies: fc.Arbitrary<FamilyPolicy> = fc.record({
  accessTokenMs: fc.constantFrom(1000, 60_000),
  idleMs: fc.constantFrom(1000, 30_000, 100_000),
  absoluteMs: fc.constantFrom(1000, 70_000, 300_000),
  retry: fc.constantFrom("reject", "same-successor"),
  retryWindowMs: fc.constantFrom(0, 1, 10_000),
});

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("rotate"),
      behind: fc.oneof(
        { arbitrary: fc.constant(0), weight: 8 },
        { arbitrary: fc.constant(1), weight: 4 },
        { arbitrary: fc.constantFrom(2, 3, -1, -4), weight: 1 },
      ),
      attemptId: fc.constantFrom("a", "b", "c"),
      keyId: fc.constantFrom("key1", "key2"),
      scope: fc.constantFrom("read", "read write"),
      audience: fc.constantFrom(null, "https://api.example"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("revoke"),
      reason: fc.constantFrom("reuse", "rolled_back", "client_request"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("wait"),
      ms: fc.oneof(
        fc.constantFrom(0, 1, -1, 999, 1000, 9999, 10_000, 10_001, 30_000, 60_000, 70_000),
        fc.integer({ min: -20_000, max: 20_000 }),
      ),
    }),
  },
);

/** The machine, the model, and everything seen of each generation. */
class Run {
  readonly #policy: FamilyPolicy;
  readonly #seen = new Map<number, Generation>();
  #state: FamilyState;
  #model: ModelFamily = modelLogin(BIRTH_MS);
  #nowMs = BIRTH_MS;

  constructor(policy: FamilyPolicy) {
    this.#policy = policy;
    const names = { clientId: "client", subject: "user", keyId: "key1" };
    const login = { ...names, scope: "read write", audience: null };
    this.#state = begin(login, BIRTH_MS, policy);
  }

  apply(event: Event): void {
    const before = structuredClone(this.#state);
    if (event.kind === "wait") this.#nowMs += event.ms;
    if (event.kind === "revoke") this.#revoke(event.reason);
    if (event.kind === "rotate") this.#rotate(event);
    this.#checkState(before);
  }

  #revoke(reason: RevocationReason): void {
    this.#state = revoke(this.#state, reason, this.#nowMs);
    this.#model = { ...this.#model, isOver: true };
    expect(this.#state.revoked).not.toBeNull();
  }

  #rotate({ behind, kind: _, ...made }: Extract<Event, { kind: "rotate" }>): void {
    const before = this.#state;
    const generation = Math.max(0, before.live.generation - behind);
    const rotation = { ...made, generation };
    const step = rotate(structuredClone(before), rotation, this.#nowMs, this.#policy);
    expect(rotate(before, rotation, this.#nowMs, this.#policy)).toEqual(step);
    this.#state = orThrow(step.state);
    this.#checkStep(before, step);
    if (step.outcome.kind !== "refused") {
      const again = rotate(this.#state, rotation, this.#nowMs, this.#policy);
      const { successor } = step.outcome;
      const isSameAttempt = made.attemptId === this.#state.attemptId;
      const outcome = { kind: "repeated", successor, isSameAttempt };
      expect(again).toEqual({ state: this.#state, outcome });
    }
    const use = { generation, attempt: made.attemptId };
    const moment = { nowMs: this.#nowMs, slackMs: 0 };
    const [expected, ...others] = modelUse(this.#model, use, moment, this.#policy);
    expect(others).toEqual([]);
    expect(step.outcome.kind !== "refused").toBe(expected?.isGiven);
    this.#model = orThrow(expected).family;
  }

  #checkStep(before: FamilyState, { state, outcome }: RotationStep): void {
    if (outcome.kind === "refused") {
      const isRevokedNow = before.revoked === null && state?.revoked !== null;
      expect({ ...state, revoked: isRevokedNow ? null : state?.revoked }).toEqual(before);
      expect(outcome.ended).toEqual(isRevokedNow ? before.live : null);
      if (isRevokedNow) expect(["reused", "unknown"]).toContain(outcome.refusal);
    } else {
      expect(outcome.successor).toEqual(state?.live);
      const isRotated = outcome.kind === "rotated";
      if (isRotated) expect(state?.live.generation).toBe(before.live.generation + 1);
      else expect(state).toEqual(before);
    }
  }

  #checkState(before: FamilyState): void {
    const { live, createdAtMs, revoked } = this.#state;
    expect([before.live.generation, before.live.generation + 1]).toContain(live.generation);
    expect(live).toEqual(this.#seen.get(live.generation) ?? live);
    this.#seen.set(live.generation, live);
    if (before.revoked !== null) expect(revoked).toEqual(before.revoked);
    expect(live.issuedAtMs).toBeGreaterThanOrEqual(before.live.issuedAtMs);
    expect(createdAtMs).toBe(BIRTH_MS);
    this.#checkAccessTokens();
    const endMs = neededUntilMs(this.#state, this.#policy);
    const made = { attemptId: "z", keyId: "key1", scope: "read", audience: null };
    const rotation = { ...made, generation: live.generation };
    const late = rotate(this.#state, rotation, endMs, this.#policy);
    expect(late).toMatchObject({ state: this.#state, outcome: { kind: "refused" } });
    expect(isAccessTokenLive(this.#state, live.generation, endMs)).toBe(false);
  }

  #checkAccessTokens(): void {
    const moment = { nowMs: this.#nowMs, slackMs: 0 };
    const generations = [...Array(this.#state.live.generation + 3).keys()];
    const good = generations.filter((generation) => {
      const isLive = isAccessTokenLive(this.#state, generation, this.#nowMs);
      expect([isLive]).toEqual(modelIsActive(this.#model, generation, moment, this.#policy));
      return isLive;
    });
    expect(good.length).toBeLessThanOrEqual(1);
  }
}

function orThrow<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error("a family must not disappear");
  return value;
}

describe("any events in any order", () => {
  test("keep every invariant of a family", () => {
    const sequences = fc.array(events, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(policies, sequences, (policy, sequence) => {
        const run = new Run(policy);
        for (const event of sequence) run.apply(event);
      }),
      { numRuns: 500 },
    );
  });
});
