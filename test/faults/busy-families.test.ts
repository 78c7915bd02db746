import { beforeAll, describe, expect, test, vi } from "vitest";
import { CALLS_IN_FLIGHT_MAX, DEADLINE_MS } from "../../src/isolate.ts";
import { familyOf, inspect, interceptFamilies } from "../support/families.ts";
import { captureErrors, stopTimers } from "../support/faulty.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, refusal, success, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, type Overrides, registerDefaults } from "../support/service.ts";

const GRANTED = success("read write groups");
const SLOW_DOWN = refusal(429, "slow_down", "There are too many requests at once for this token.", {
  "retry-after": "1",
});

beforeAll(() => registerDefaults(createService()));
stopTimers();
captureErrors();

/** A service in which calls to one family wait at a gate. */
function createGatedService(overrides: Overrides = {}) {
  let gatedId: string | null = null;
  let gate = Promise.withResolvers<void>();
  let arrived = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  const service = createService({
    ...overrides,
    ...interceptFamilies(async ({ familyId }, proceed) => {
      if (familyId !== gatedId) return proceed();
      arrived += 1;
      for (const { count, resolve } of waiting) if (arrived >= count) resolve();
      await gate.promise;
      return proceed();
    }),
  });
  return {
    service,
    /** How many calls have reached the gate since it was shut. */
    arrived: () => arrived,
    /** Shuts the gate before the family of a refresh token. */
    async shut(refreshToken: string) {
      gatedId = (await familyOf(refreshToken)).id.toString();
      [gate, arrived] = [Promise.withResolvers<void>(), 0];
      waiting.length = 0;
    },
    open() {
      gatedId = null;
      gate.resolve();
    },
    /** Resolves when so many calls have reached the gate. */
    arrival(count: number): Promise<void> {
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
  };
}

describe("while one family stalls", () => {
  test("others log in, refresh and are introspected", async () => {
    const gated = createGatedService();
    const [stalled, other] = [await logIn(gated.service), await logIn(gated.service)];
    await gated.shut(stalled.refresh_token);
    const answer = refresh(gated.service, stalled.refresh_token);
    await gated.arrival(1);

    expect(await ask(gated.service, LOGIN)).toEqual(GRANTED);
    const refreshed = granted(await refresh(gated.service, other.refresh_token));
    const active = await inspect(gated.service, refreshed.access_token);
    expect(active).toMatchObject({ clientId: "client" });

    vi.advanceTimersByTime(DEADLINE_MS);
    expect(await answer).toEqual(UNAVAILABLE);
    gated.open();
    expect(await refresh(gated.service, refreshed.refresh_token)).toEqual(GRANTED);
  });
});

describe.each(["reject", "same-successor"])("a hot family under %s", (mode) => {
  test("gets 429 above the limit, while others continue", async () => {
    const gated = createGatedService({ REFRESH_RETRY: mode });
    const [hot, other] = [await logIn(gated.service), await logIn(gated.service)];
    await gated.shut(hot.refresh_token);
    const full = gated.arrival(CALLS_IN_FLIGHT_MAX);
    const first = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () => {
      return refresh(gated.service, hot.refresh_token);
    });
    await full;

    expect(await refresh(gated.service, hot.refresh_token)).toEqual(SLOW_DOWN);
    expect(await inspect(gated.service, hot.access_token)).toEqual(SLOW_DOWN);
    expect(gated.arrived()).toBe(CALLS_IN_FLIGHT_MAX);
    expect(await refresh(gated.service, other.refresh_token)).toEqual(GRANTED);
    expect(await ask(gated.service, LOGIN)).toEqual(GRANTED);

    gated.open();
    const answers = await Promise.all(first);
    const given = answers.filter(({ status }) => status === 200).map(granted);
    const rejected = answers.filter(({ status }) => status !== 200);
    expect(given.length).toBe(mode === "reject" ? 1 : CALLS_IN_FLIGHT_MAX);
    expect(new Set(given.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    for (const answer of rejected) expect(answer).toEqual(INVALID_GRANT);
  });

  test.each(["completed", "timed out"])(
    "accepts calls again once the first are %s",
    async (end) => {
      const gated = createGatedService({ REFRESH_RETRY: mode });
      const { refresh_token } = await logIn(gated.service);
      await gated.shut(refresh_token);
      const full = gated.arrival(CALLS_IN_FLIGHT_MAX);
      const first = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () => {
        return refresh(gated.service, refresh_token);
      });
      await full;
      if (end === "completed") gated.open();
      else vi.advanceTimersByTime(DEADLINE_MS);
      await Promise.all(first);

      await gated.shut(refresh_token);
      const fullAgain = gated.arrival(CALLS_IN_FLIGHT_MAX);
      const second = Array.from({ length: CALLS_IN_FLIGHT_MAX }, () => {
        return refresh(gated.service, refresh_token);
      });
      await fullAgain;
      gated.open();
      const statuses = (await Promise.all(second)).map(({ status }) => status);
      expect(statuses).not.toContain(429);
      expect(statuses).not.toContain(503);
    },
  );
});
