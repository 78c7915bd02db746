import { beforeAll, describe, expect, test } from "vitest";
import { passSeconds, stopClock } from "../support/clock.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, SUCCESS } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const DAY = 86_400;
const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      {
        client_id: "hasty",
        client_secret: "secret",
        refresh_idle_ttl_seconds: 100,
        refresh_absolute_ttl_seconds: 250,
      },
    ],
  });
});
stopClock();

/** Refreshes after each of these waits, with whatever token came last. */
async function refreshAfter(waits: readonly number[], credentials: string) {
  let { refresh_token } = await logIn(service, {}, credentials);
  const answers: unknown[] = [];
  for (const seconds of waits) {
    passSeconds(seconds);
    const answer = await refresh(service, refresh_token, {}, credentials);
    answers.push(answer);
    if (answer.status === 200) refresh_token = granted(answer).refresh_token;
  }
  return answers;
}

describe("a family that is not refreshed ends", () => {
  test.each([
    ["30 days", "client:secret", 30 * DAY],
    ["the client's own time", "hasty:secret", 100],
  ])("after %s, to the second", async (_, credentials, idleSeconds) => {
    expect(await refreshAfter([idleSeconds - 1], credentials)).toEqual([SUCCESS]);
    expect(await refreshAfter([idleSeconds], credentials)).toEqual([INVALID_GRANT]);
    expect(await refreshAfter([idleSeconds + 1], credentials)).toEqual([INVALID_GRANT]);
  });

  test("only so long after its last refresh, not after its login", async () => {
    expect(await refreshAfter([99, 99], "hasty:secret")).toEqual([SUCCESS, SUCCESS]);
    expect(await refreshAfter([99, 100], "hasty:secret")).toEqual([SUCCESS, INVALID_GRANT]);
  });
});

describe("a family ends however often it is refreshed", () => {
  test.each([
    ["90 days", "client:secret", [29 * DAY, 29 * DAY, 29 * DAY, 3 * DAY - 1]],
    ["the client's own time", "hasty:secret", [99, 99, 51]],
  ])("after %s, to the second", async (_, credentials, waits) => {
    const lived = waits.map(() => SUCCESS);
    expect(await refreshAfter(waits, credentials)).toEqual(lived);
    const late = waits.with(-1, (waits.at(-1) ?? 0) + 1);
    expect(await refreshAfter(late, credentials)).toEqual(lived.with(-1, INVALID_GRANT));
  });

  test("and stays ended", async () => {
    const dead = [INVALID_GRANT, INVALID_GRANT, INVALID_GRANT];
    expect(await refreshAfter([100, 0, DAY], "hasty:secret")).toEqual(dead);
  });
});

test("a longer lifetime is one of the client's, not of the token's", async () => {
  const { refresh_token } = await logIn(service, {}, "hasty:secret");
  passSeconds(120);
  expect(await refresh(service, refresh_token, {}, "hasty:secret")).toEqual(INVALID_GRANT);
  await service.register({
    clients: [{ client_id: "hasty", refresh_idle_ttl_seconds: 1000 }],
  });
  expect(await refresh(service, refresh_token, {}, "hasty:secret")).toEqual(SUCCESS);
});
