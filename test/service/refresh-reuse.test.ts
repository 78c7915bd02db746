import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { sha256, toHex } from "../../src/crypto/bytes.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, SUCCESS } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

const service = createService();

/** The default of `REFRESH_RETRY_WINDOW_SECONDS`. */
const WINDOW_SECONDS = 10;

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({ clients: [{ client_id: "other", client_secret: "secret" }] });
});
stopClock();

async function loginThenRefresh() {
  const first = await logIn(service);
  const second = granted(await refresh(service, first.refresh_token));
  return { first, second };
}

test("the stopped clock is the service's own", async () => {
  passSeconds(60);
  const loggedInAtMs = Date.now();
  const { access_token } = await logIn(service);
  const key = await keyOf(access_token);
  // It is written after the response.
  await eventually(async () => (await env.ACCESS_TOKENS.get(key)) !== null);
  const record = await env.ACCESS_TOKENS.get<{ issuedAtMs: number }>(key, "json");
  expect(record?.issuedAtMs).toBe(loggedInAtMs);
});

describe("a consumed token that is presented again", () => {
  test.each([0, 1, WINDOW_SECONDS])(
    "after %i s is rejected and the family lives",
    async (seconds) => {
      const { first, second } = await loginThenRefresh();
      passSeconds(seconds);
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(await refresh(service, first.refresh_token)).toEqual(INVALID_GRANT);
      }
      expect(await refresh(service, second.refresh_token)).toEqual(SUCCESS);
    },
  );

  test.each([WINDOW_SECONDS + 1, 3600])("after %i s ends the family", async (seconds) => {
    const { first, second } = await loginThenRefresh();
    passSeconds(seconds);
    expect(await refresh(service, first.refresh_token)).toEqual(INVALID_GRANT);
    expect(await refresh(service, second.refresh_token)).toEqual(INVALID_GRANT);
    expect(await refresh(service, first.refresh_token)).toEqual(INVALID_GRANT);
  });

  test("takes the family's access token out of KV when it ends the family", async () => {
    const { first, second } = await loginThenRefresh();
    const key = await keyOf(second.access_token);
    await eventually(async () => (await env.ACCESS_TOKENS.get(key)) !== null);
    passSeconds(WINDOW_SECONDS + 1);
    expect(await refresh(service, first.refresh_token)).toEqual(INVALID_GRANT);
    await eventually(async () => (await env.ACCESS_TOKENS.get(key)) === null);
  });

  test("from another client neither counts as reuse nor ends the family", async () => {
    const { first, second } = await loginThenRefresh();
    passSeconds(WINDOW_SECONDS + 1);
    expect(await refresh(service, first.refresh_token, {}, "other:secret")).toEqual(INVALID_GRANT);
    expect(await refresh(service, second.refresh_token)).toEqual(SUCCESS);
  });

  test("counts as reuse when the window is nothing, after any time at all", async () => {
    const strict = createService({ REFRESH_RETRY_WINDOW_SECONDS: 0 });
    const { first, second } = await loginThenRefresh();
    vi.setSystemTime(Date.now() + 1);
    expect(await refresh(strict, first.refresh_token)).toEqual(INVALID_GRANT);
    expect(await refresh(service, second.refresh_token)).toEqual(INVALID_GRANT);
  });
});

async function keyOf(accessToken: string): Promise<string> {
  return toHex(await sha256(accessToken));
}
