import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  type Counter,
  type FailurePolicy,
  type FailureState,
  NO_FAILURES,
  neededUntilMs,
  ORIGIN_KEPT_MS,
  ORIGINS_MAX,
  offsetFailures,
  recordFailure,
  recordSuccess,
  resetFailures,
  unknownAdmittedAtMs,
} from "../../../src/rate-limit/failures.ts";

const policy: FailurePolicy = {
  free: 3,
  forgottenMs: 3_000_000,
  delayMsMin: 1000,
  delayMsMax: 60_000,
};
const NOW = 1_800_000_000_000;
const HOME = "home";
const NOBODY_ELSE = () => 0;

const approach = (state: FailureState, places: string[], nowMs: number, pending = 0) => {
  return admit(state, { places, strangersFromMs: 0 }, () => pending, nowMs, policy);
};

/** Records failures, each as soon as it is admitted. @returns the delays before each */
function failInARow(count: number, counter: Counter = null, from = NO_FAILURES) {
  let state = from;
  let nowMs = NOW;
  const delays: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const admission = approach(state, counter === null ? [] : [counter], nowMs);
    const atMs = admission.kind === "throttled" ? admission.retryAtMs : nowMs;
    delays.push(atMs - nowMs);
    nowMs = atMs;
    state = recordFailure(state, counter, nowMs, policy);
  }
  return { state, delays, nowMs };
}

describe("failures", () => {
  test("are free at first, and then each doubles the delay, up to the maximum", () => {
    const { delays } = failInARow(12);
    expect(delays).toEqual([0, 0, 0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 60e3, 60e3, 60e3]);
  });

  test("are all reset by an unlock, once", () => {
    const known = recordSuccess(NO_FAILURES, [HOME], NOW, policy);
    const { state, nowMs } = failInARow(4, HOME, failInARow(4, null, known).state);
    const unlocked = resetFailures(state, nowMs);
    expect(approach(unlocked, [], nowMs).kind).toBe("admitted");
    expect(approach(unlocked, [HOME], nowMs).kind).toBe("admitted");
    const again = failInARow(4, null, unlocked);
    expect(resetFailures(again.state, nowMs)).toBe(again.state);
    expect(approach(again.state, [], again.nowMs).kind).toBe("throttled");
  });

  test("expire with time, as many as are free in the period of the policy", () => {
    const { state, nowMs } = failInARow(3);
    expect(approach(state, [], nowMs).kind).toBe("throttled");
    // One of three expires after a third of the time.
    expect(approach(state, [], nowMs + policy.forgottenMs / 3 + 1).kind).toBe("admitted");
    const later = nowMs + policy.forgottenMs;
    expect(approach(state, [], later, policy.free - 1).kind).toBe("admitted");
    expect(approach(state, [], later, policy.free).kind).toBe("throttled");
  });

  test("expire as soon after a month of guessing as after a day", () => {
    const { state, nowMs } = failInARow(1000);
    const { state: sooner, nowMs: soonerMs } = failInARow(20);
    expect(neededUntilMs(state, policy) - nowMs).toBeCloseTo(
      neededUntilMs(sooner, policy) - soonerMs,
      -2,
    );
    // The maximum delay is 60 times the minimum: 6 failures after the free ones double up to it.
    expect(state.strangers.count).toBe(policy.free + 6);
  });

  test("count while pending: of a thousand at once only the free ones are admitted", () => {
    let admitted = 0;
    for (let number = 0; number < 1000; number += 1) {
      if (approach(NO_FAILURES, [], NOW, admitted).kind === "admitted") admitted += 1;
    }
    expect(admitted).toBe(policy.free);
  });

  test("beyond the free ones are admitted one at a time", () => {
    const { state, nowMs } = failInARow(5);
    const later = nowMs + policy.delayMsMax;
    expect(approach(state, [], later, 0).kind).toBe("admitted");
    expect(approach(state, [], later, 1).kind).toBe("throttled");
  });

  test("of unknown origins do not affect a known origin, nor the reverse", () => {
    const known = recordSuccess(NO_FAILURES, [HOME], NOW, policy);
    const besieged = failInARow(50, null, known);
    expect(approach(besieged.state, [], besieged.nowMs).kind).toBe("throttled");
    expect(approach(besieged.state, [HOME], besieged.nowMs)).toEqual({
      kind: "admitted",
      counter: HOME,
    });
    const inside = failInARow(50, HOME, known);
    expect(approach(inside.state, [HOME], inside.nowMs)).toMatchObject({ kind: "throttled" });
    expect(approach(inside.state, ["elsewhere"], inside.nowMs).kind).toBe("admitted");
  });

  test("are reset by a success at the same origin alone", () => {
    const known = recordSuccess(NO_FAILURES, [HOME], NOW, policy);
    const { state, nowMs } = failInARow(50, null, failInARow(5, HOME, known).state);
    const after = recordSuccess(state, [HOME], nowMs, policy);
    expect(after.places[0]?.failures.count).toBe(0);
    expect(after.strangers).toEqual(state.strangers);
  });

  test("of unknown origins are offset by successes of others, never below zero", () => {
    const { state, nowMs } = failInARow(2);
    expect(offsetFailures(state, 1, nowMs, policy).strangers.count).toBeCloseTo(1);
    expect(offsetFailures(state, 50, nowMs, policy).strangers.count).toBe(0);
    expect(offsetFailures(NO_FAILURES, 5, nowMs, policy)).toBe(NO_FAILURES);
  });

  test("beyond the free ones expire by time alone", () => {
    const { state, nowMs } = failInARow(policy.free);
    expect(offsetFailures(state, 1, nowMs, policy)).toBe(state);
    const later = nowMs + policy.forgottenMs / policy.free;
    expect(offsetFailures(state, policy.free, later, policy).strangers.count).toBe(0);
  });

  test("elsewhere may delay unknown origins, but no known one", () => {
    const known = recordSuccess(NO_FAILURES, [HOME], NOW, policy);
    const held = (places: string[]) => {
      return admit(known, { places, strangersFromMs: NOW + 5000 }, NOBODY_ELSE, NOW, policy);
    };
    expect(held([])).toEqual({ kind: "throttled", retryAtMs: NOW + 5000, isKnown: false });
    expect(held([HOME]).kind).toBe("admitted");
  });
});

describe("known origins", () => {
  test("are kept for 90 days after their last use, recorded again or not", () => {
    const days = (count: number) => count * 86_400_000;
    for (const usedOnDay of [1, 29, 30, 89]) {
      const used = recordSuccess(
        recordSuccess(NO_FAILURES, [HOME], NOW, policy),
        [HOME],
        NOW + days(usedOnDay),
        policy,
      );
      const later = approach(used, [HOME], NOW + days(usedOnDay + 90) - 1);
      expect(later).toEqual({ kind: "admitted", counter: HOME });
    }
  });

  test("in use are not evicted by any number of others", () => {
    let state = NO_FAILURES;
    for (let number = 0; number < 40; number += 1) {
      state = recordSuccess(state, ["office", `p${number}`], NOW + number, policy);
    }
    expect(state.places.map(({ place }) => place)).toContain("office");
  });

  test("expire, and are recorded again before that", () => {
    const known = recordSuccess(NO_FAILURES, [HOME], NOW, policy);
    const counterAt = (state: FailureState, nowMs: number) => {
      const admission = approach(state, [HOME], nowMs);
      return admission.kind === "admitted" ? admission.counter : undefined;
    };
    expect(counterAt(known, NOW + ORIGIN_KEPT_MS - 1)).toBe(HOME);
    expect(counterAt(known, NOW + ORIGIN_KEPT_MS)).toBeNull();
    expect(recordSuccess(known, [HOME], NOW + ORIGIN_KEPT_MS / 5, policy)).toBe(known);
    const later = NOW + ORIGIN_KEPT_MS / 2;
    expect(counterAt(recordSuccess(known, [HOME], later, policy), NOW + ORIGIN_KEPT_MS)).toBe(HOME);
  });

  test("are limited to the most recently recorded ones", () => {
    let state = NO_FAILURES;
    for (let number = 0; number < 40; number += 1)
      state = recordSuccess(state, [`p${number}`], NOW + number, policy);
    expect(state.places).toHaveLength(ORIGINS_MAX);
    expect(state.places[0]?.place).toBe("p39");
  });

  test("that were evicted count as unknown ones when a login fails there", () => {
    expect(recordFailure(NO_FAILURES, HOME, NOW, policy).strangers.count).toBe(1);
  });
});

describe("after any events", () => {
  const event = fc.record({
    kind: fc.constantFrom("fail", "succeed", "forgive"),
    place: fc.constantFrom(null, "a", "b", "c"),
    afterMs: fc.integer({ min: 0, max: 100_000 }),
  });

  test("no wait exceeds the maximum delay, and the state is needed until it has no effect", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = NO_FAILURES;
        let nowMs = NOW;
        for (const { kind, place, afterMs } of events) {
          nowMs += afterMs;
          if (kind === "fail") state = recordFailure(state, place, nowMs, policy);
          if (kind === "succeed")
            state = recordSuccess(state, place === null ? [] : [place], nowMs, policy);
          if (kind === "forgive") state = offsetFailures(state, 1, nowMs, policy);
          expect(unknownAdmittedAtMs(state, nowMs, policy)).toBeLessThanOrEqual(
            nowMs + policy.delayMsMax,
          );
          const endMs = Math.max(nowMs, neededUntilMs(state, policy));
          const atEnd = approach(state, ["a", "b", "c"], endMs, policy.free - 1);
          expect(atEnd).toEqual({ kind: "admitted", counter: null });
        }
      }),
    );
  });
});
