import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { introspect, registerCheckers } from "../support/checks.ts";
import { stopClock } from "../support/clock.ts";
import { SEED } from "../support/history/options.ts";
import type { Intercept } from "../support/interception.ts";
import { Random } from "../support/random.ts";
import { createService, registerDefaults, type Service } from "../support/service.ts";
import { acrossLocations, KV_STALE_MS } from "../support/storage-model/kv.ts";
import { wrapBindings } from "../support/storage-model/wrap.ts";
import { type Holder, holdLogin, holdOwnToken } from "../support/token-holders.ts";
import { VirtualTime } from "../support/virtual-time.ts";

// Writes to KV after the response race with revocations and reads; see decision 15.

/** Holders of each kind, all at once. */
const HOLDERS = 20;
const TIMEOUT = { timeout: 120_000 };

/** The longest that an operation takes, in milliseconds: the service's deadline. */
const OPERATION_MS_MAX = 3_000;

/** Delays are multiples of it, so that some operations take place at the same time. */
const STEP_MS = 250;

/** A revoked token is deleted again 10 s after its first delete. */
const FAST_MS_MAX = 10_000 + 2 * OPERATION_MS_MAX + KV_STALE_MS;

beforeAll(async () => {
  await registerDefaults(createService());
  await registerCheckers();
});
stopClock();

const READERS = ["fast", "strict", "introspection"] as const;

async function isAccepted(kind: (typeof READERS)[number], token: string, service: Service) {
  if (kind === "introspection") {
    return ((await introspect(service, token)).body as { active?: boolean }).active === true;
  }
  const verifier = new TokenVerifier(createExecutionContext(), service.env);
  return (await verifier.verify(token, { consistency: kind })).kind === "verified";
}

/** @returns how many reads accepted a token, and those that must not have */
async function runHistory(sabotage: Intercept = (_, proceed) => proceed()) {
  const random = new Random(SEED);
  const time = new VirtualTime();
  const pause = (msMax: number) => time.sleep(random.between(0, msMax / STEP_MS) * STEP_MS);
  const intercept: Intercept = async (operation, proceed, ...rest) => {
    const isRead = ["kv.get", "d1.batch", "family.inspect"].includes(operation);
    if (!isRead) await pause(OPERATION_MS_MAX);
    return time.busyWith(sabotage(operation, proceed, ...rest));
  };
  const [writer, elsewhere] = [env.ACCESS_TOKENS, env.ACCESS_TOKENS].map((kv) => {
    return createService(wrapBindings({ ...env, ACCESS_TOKENS: acrossLocations(kv) }, intercept));
  }) as [Service, Service];
  const violations: string[] = [];
  let accepted = 0;

  async function live(holding: Promise<Holder>): Promise<void> {
    const { tokens, renew, revoke } = await holding;
    const acceptances: { kind: string; token: string; afterMs: number }[] = [];
    let revokedAtMs = Number.POSITIVE_INFINITY;

    async function write(): Promise<void> {
      for (let count = random.between(0, 3); count > 0; count -= 1) {
        await renew();
        await pause(2_000);
      }
    }
    async function end(): Promise<void> {
      await pause(10_000);
      // A busy machine may miss the service's deadline, which is in real time.
      while ((await revoke()).status !== 200) await pause(1_000);
      revokedAtMs = Date.now();
    }
    async function read(): Promise<void> {
      const kind = random.pick(READERS);
      const afterMs = Date.now() - revokedAtMs;
      const token = random.pick([...tokens, ...tokens.slice(-1)]);
      const service = random.pick([writer, elsewhere]);
      if (await isAccepted(kind, token, service)) acceptances.push({ kind, token, afterMs });
    }
    async function readAll(): Promise<void> {
      for (let count = 0; count < 6; count += 1) await pause(5_000).then(read);
      await time.sleep(FAST_MS_MAX);
      for (let count = 0; count < 4; count += 1) await pause(10_000).then(read);
    }

    await Promise.all([write(), end(), readAll()]);
    accepted += acceptances.length;
    for (const { kind, token, afterMs } of acceptances) {
      const isLive = token === tokens.at(-1);
      const msMax = kind !== "fast" ? 0 : isLive ? FAST_MS_MAX : Number.POSITIVE_INFINITY;
      if (afterMs >= msMax) violations.push(`SEED=${SEED}: ${kind} accepted after ${afterMs} ms`);
    }
  }

  // Passwords and secrets are hashed before the time is virtual.
  const logins = await Promise.all(
    Array.from({ length: HOLDERS }, () => holdLogin(writer, random)),
  );
  for (const service of [writer, elsewhere]) await introspect(service, "unknown");
  await time.run(() => {
    const own = logins.map(() => holdOwnToken(writer));
    return Promise.all([...logins.map(async (login) => login), ...own].map(live));
  });
  return { accepted, violations };
}

test("no order of writes, revocations and reads revives a token", TIMEOUT, async () => {
  const { accepted, violations } = await runHistory();
  expect(violations).toEqual([]);
  expect(accepted).toBeGreaterThan(HOLDERS);
});

describe("a history finds", () => {
  const deleted = new Set<unknown>();
  const SABOTAGES: Readonly<Record<string, Intercept>> = {
    "a second delete that is lost": async (operation, proceed, [key]) => {
      const isSecond = operation === "kv.delete" && deleted.has(key);
      if (operation === "kv.delete") deleted.add(key);
      return isSecond ? undefined : proceed();
    },
    "a revocation that D1 forgets": async (operation, proceed) => {
      if (operation === "kv.delete") await env.DB.exec("DELETE FROM revoked_access_tokens");
      return proceed();
    },
    "a family that does not end": async (operation, proceed) => {
      return operation === "family.revoke" ? null : proceed();
    },
  };

  test.each(Object.entries(SABOTAGES))("%s", TIMEOUT, async (_, sabotage) => {
    expect((await runHistory(sabotage)).violations).not.toEqual([]);
  });
});
