import { beforeAll, describe, expect, test } from "vitest";
import { passSeconds, stopClock } from "../support/clock.ts";
import { granted, logIn, refresh, refreshWithKey } from "../support/requests.ts";
import { INVALID_GRANT, refusal, success, type WholeAnswer } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();
const forgiving = createService({ REFRESH_RETRY: "same-successor" });
const ALL_SCOPES = "read write groups";
const SUCCESS = success(ALL_SCOPES);

/** The default of `REFRESH_RETRY_WINDOW_SECONDS`. */
const WINDOW_SECONDS = 10;

beforeAll(() => registerDefaults(service));
stopClock();

/** The same pair again, with less time left. */
function again(answer: WholeAnswer, secondsLater: number): WholeAnswer {
  const body = { ...granted(answer), expires_in: 3600 - secondsLater };
  return { ...answer, body };
}

describe("one token in ten requests at once", () => {
  const tenTimes = (work: () => Promise<WholeAnswer>) => {
    return Promise.all(Array.from({ length: 10 }, work));
  };

  test("gives all of them one pair under same-successor, and under one key", async () => {
    const lenient = await logIn(forgiving);
    const keyed = await logIn(service);
    for (const answers of [
      await tenTimes(() => refresh(forgiving, lenient.refresh_token)),
      await tenTimes(() => refreshWithKey(service, "k", keyed.refresh_token)),
    ]) {
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toEqual(SUCCESS);
    }
  });
});

describe("under same-successor a repeated token", () => {
  test("gets the same pair again within the window, with less time left", async () => {
    const { refresh_token } = await logIn(forgiving);
    const first = await refresh(forgiving, refresh_token);
    passSeconds(WINDOW_SECONDS);
    expect(await refresh(forgiving, refresh_token)).toEqual(again(first, WINDOW_SECONDS));
    expect(await refresh(forgiving, granted(first).refresh_token)).toEqual(SUCCESS);
  });

  test("gets the scope of the first response, whatever it asks for now", async () => {
    const { refresh_token } = await logIn(forgiving);
    const first = await refresh(forgiving, refresh_token, { scope: "read" });
    expect(first).toEqual(success("read"));
    expect(await refresh(forgiving, refresh_token)).toEqual(first);
  });
});

describe("an Idempotency-Key", () => {
  test("gets the same pair again within the window, under reject too", async () => {
    const { refresh_token } = await logIn(service);
    const first = await refreshWithKey(service, "a key", refresh_token);
    expect(first).toEqual(SUCCESS);
    passSeconds(WINDOW_SECONDS);
    expect(await refreshWithKey(service, "a key", refresh_token)).toEqual(
      again(first, WINDOW_SECONDS),
    );
    expect(await refresh(service, granted(first).refresh_token)).toEqual(SUCCESS);
  });

  test("that is another, or none, gets nothing and ends nothing", async () => {
    const { refresh_token } = await logIn(service);
    const first = await refreshWithKey(service, "a", refresh_token);
    expect(await refreshWithKey(service, "b", refresh_token)).toEqual(INVALID_GRANT);
    expect(await refreshWithKey(service, "A", refresh_token)).toEqual(INVALID_GRANT);
    expect(await refresh(service, refresh_token)).toEqual(INVALID_GRANT);
    expect(await refreshWithKey(service, "a", refresh_token)).toEqual(first);
  });

  test("gets nothing for a token that was used without it", async () => {
    const { refresh_token } = await logIn(service);
    granted(await refresh(service, refresh_token));
    expect(await refreshWithKey(service, "a", refresh_token)).toEqual(INVALID_GRANT);
  });

  test("may be used again for the next token, and refreshes it", async () => {
    const { refresh_token } = await logIn(service);
    const first = await refreshWithKey(service, "a", refresh_token);
    const second = await refreshWithKey(service, "a", granted(first).refresh_token);
    expect(second).toEqual(SUCCESS);
    expect(second).not.toEqual(first);
    expect(granted(second).refresh_token).not.toBe(granted(first).refresh_token);
  });

  test("of 1 to 255 visible characters is read, and no other", async () => {
    const { refresh_token } = await logIn(service);
    const malformed = refusal(
      400,
      "invalid_request",
      "The Idempotency-Key is not 1 to 255 visible characters.",
    );
    for (const key of ["", "x".repeat(256), "a\tb", "\x7f"]) {
      expect(await refreshWithKey(service, key, refresh_token)).toEqual(malformed);
    }
    expect(await refreshWithKey(service, "x".repeat(255), refresh_token)).toEqual(SUCCESS);
  });
});
