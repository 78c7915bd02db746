import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ALARM_REGIMES, loseAlarms, passUntil, storageInUse } from "../support/alarms.ts";
import { passSeconds, stopClock } from "../support/clock.ts";
import { isActive } from "../support/inspection.ts";
import { type LongUse, simulate } from "../support/long-use.ts";
import { Random } from "../support/random.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, type WholeAnswer } from "../support/responses.ts";
import { createService, registerDefaults, type TokenAnswer } from "../support/service.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** So many requests take long on a slow machine. */
const TIMEOUT_MS = 120_000;

const service = createService();

/** Lifetimes in seconds. */
interface Lifetimes {
  readonly accessToken: number;
  readonly idle: number;
  readonly absolute: number;
}

/** Those of the service, and of clients that set their own. */
const LIFETIMES = {
  public: { accessToken: HOUR, idle: 30 * DAY, absolute: 90 * DAY },
  brief: { accessToken: 1, idle: 3 * DAY, absolute: 10 * DAY },
  lasting: { accessToken: 2 * DAY, idle: DAY, absolute: 365 * DAY },
} as const;

function clientEntry(name: string, { accessToken, idle, absolute }: Lifetimes): object {
  return {
    client_id: name,
    token_endpoint_auth_method: "none",
    access_token_ttl_seconds: accessToken,
    refresh_idle_ttl_seconds: idle,
    refresh_absolute_ttl_seconds: absolute,
  };
}

function longUse(name: keyof typeof LIFETIMES, gapsSeconds: readonly number[]): LongUse {
  const { accessToken, idle, absolute } = LIFETIMES[name];
  const rules = {
    accessTokenMs: accessToken * 1000,
    idleMs: idle * 1000,
    absoluteMs: absolute * 1000,
    retry: "reject",
    retryWindowMs: 10_000,
  } as const;
  return { clientId: name, rules, gapsSeconds };
}

/** Gaps that fill 400 days, the same in each run. */
function irregularGaps(minSeconds: number, maxSeconds: number): number[] {
  const random = new Random(400);
  const gaps: number[] = [];
  for (let left = 400 * DAY; left > 0; left -= gaps.at(-1) ?? 0) {
    gaps.push(Math.min(left, random.between(minSeconds, maxSeconds)));
  }
  return gaps;
}

function logInAs(clientId: string): Promise<TokenAnswer> {
  return logIn(service, { client_id: clientId }, null);
}

function refreshAs(clientId: string, refreshToken: string): Promise<WholeAnswer> {
  return refresh(service, refreshToken, { client_id: clientId }, null);
}

beforeAll(async () => {
  await registerDefaults(service);
  const clients = [
    clientEntry("brief", LIFETIMES.brief),
    clientEntry("lasting", LIFETIMES.lasting),
    clientEntry("growing", LIFETIMES.brief),
  ];
  await service.register({ clients });
});
stopClock();

describe("over 400 days", () => {
  test(
    "daily refreshes need a new login every 90 days",
    async () => {
      const daily = longUse("public", Array<number>(400).fill(DAY));
      const { uses } = await simulate(service, daily, "punctual");
      const logins = uses.flatMap((word, index) => (word === "refreshed" ? [] : [index + 1]));
      expect(logins).toEqual([90, 180, 270, 360]);
      await passUntil(Date.now() + 90 * DAY * 1000, "punctual");
      expect(await storageInUse()).toEqual({ keys: 0, alarms: 0 });
    },
    TIMEOUT_MS,
  );

  const irregular = [
    longUse("public", irregularGaps(HOUR, 34 * DAY)),
    longUse("brief", irregularGaps(DAY, 100 * HOUR).slice(0, 30)),
    longUse("lasting", irregularGaps(HOUR, 25 * HOUR).slice(0, 30)),
  ];

  test.each(irregular)(
    "no client sees whether an alarm runs: $clientId",
    async (use) => {
      const seen: unknown[] = [];
      for (const regime of ALARM_REGIMES) {
        const { uses, lastTokens } = await simulate(service, use, regime);
        seen.push(uses);
        await passUntil(Date.now() + 400 * DAY * 1000, regime);
        const left = await storageInUse();
        if (regime !== "lost") expect(left).toEqual({ keys: 0, alarms: 0 });
        for (const token of lastTokens) {
          expect(await refreshAs(use.clientId, token)).toEqual(INVALID_GRANT);
        }
        expect(await storageInUse()).toEqual({ keys: 0, alarms: 0 });
      }
      expect(new Set(seen.map((uses) => JSON.stringify(uses))).size).toBe(1);
      expect(seen[0]).toContain("logged in again");
      expect(seen[0]).toContain("refreshed");
    },
    TIMEOUT_MS,
  );

  test("a family whose alarm was lost is removed after another refresh", async () => {
    const { refresh_token } = await logInAs("brief");
    await loseAlarms();
    granted(await refreshAs("brief", refresh_token));
    await passUntil(Date.now() + 400 * DAY * 1000, "punctual");
    expect(await storageInUse()).toEqual({ keys: 0, alarms: 0 });
  });

  test("every access token in KV expires", async () => {
    await logIn(service);
    const { keys } = await env.ACCESS_TOKENS.list();
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter(({ expiration }) => expiration === undefined)).toEqual([]);
  });
});

describe.each(Object.entries(LIFETIMES))("to the second, for the client %s", (name, lifetimes) => {
  test("an access token expires", async () => {
    const tokens = await logInAs(name);
    expect(tokens.expires_in).toBe(lifetimes.accessToken);
    passSeconds(lifetimes.accessToken - 1);
    expect(await isActive(service, tokens.access_token)).toBe(true);
    passSeconds(1);
    expect(await isActive(service, tokens.access_token)).toBe(false);
  });

  test("an unused refresh token expires", async () => {
    const [early, late] = [await logInAs(name), await logInAs(name)];
    passSeconds(lifetimes.idle - 1);
    granted(await refreshAs(name, early.refresh_token));
    passSeconds(1);
    expect(await refreshAs(name, late.refresh_token)).toEqual(INVALID_GRANT);
  });
});

describe("a client's lifetimes that grow", () => {
  test.each(ALARM_REGIMES)("do not revive a family that has ended, alarms %s", async (regime) => {
    await service.register({ clients: [clientEntry("growing", LIFETIMES.brief)] });
    const { refresh_token } = await logInAs("growing");
    if (regime === "lost") await loseAlarms();
    await service.register({ clients: [clientEntry("growing", LIFETIMES.public)] });
    await passUntil(Date.now() + LIFETIMES.brief.idle * 1000 + 1, regime);
    expect(await refreshAs("growing", refresh_token)).toEqual(INVALID_GRANT);
  });
});
