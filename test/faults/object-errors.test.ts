import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type FamilyCall,
  familyOf,
  inspect,
  interceptFamilies,
  stateOf,
} from "../support/families.ts";
import { captureErrors } from "../support/faulty.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, success, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type TokenAnswer } from "../support/service.ts";

const GRANTED = success("read write groups");

/** A service without faults. */
const sound = createService();

/** The flags that the platform sets on an object's error. */
type Flags = Readonly<{ retryable?: true; overloaded?: true }>;

const RETRYABLE: Flags = { retryable: true };
const OVERLOADED: Flags = { overloaded: true };
const BOTH: Flags = { retryable: true, overloaded: true };

/** What successive calls throw before one succeeds, and the outcome. */
const TROUBLES: readonly (readonly [string, readonly Flags[], calls: number, status: number])[] = [
  ["retryable once", [RETRYABLE], 2, 200],
  ["retryable twice", [RETRYABLE, RETRYABLE], 3, 200],
  ["retryable three times", [RETRYABLE, RETRYABLE, RETRYABLE], 3, 503],
  ["overloaded", [OVERLOADED], 1, 503],
  ["overloaded and retryable", [BOTH], 1, 503],
  ["retryable, then overloaded", [RETRYABLE, BOTH], 2, 503],
  ["neither", [{}], 1, 503],
];

type Moment = "before" | "after";

const CASES = (["before", "after"] as const).flatMap((moment) => {
  return TROUBLES.map(([title, thrown, calls, status]) => {
    return { title, moment, thrown, calls, status };
  });
});

/** A service whose objects throw at first, before or after the call takes effect. */
function createTroubledService(thrown: readonly Flags[], moment: Moment) {
  const calls: FamilyCall[] = [];
  const service = createService(
    interceptFamilies(async (call, proceed) => {
      calls.push(call);
      const flags = thrown[calls.length - 1];
      if (flags === undefined) return proceed();
      if (moment === "after") await proceed();
      throw Object.assign(new Error("Network connection lost to 10.20.30.40"), flags);
    }),
  );
  return { service, calls };
}

/** A stub that threw is broken, so each call needs a new one. */
function expectCalls(calls: readonly FamilyCall[], method: string, count: number): void {
  expect(calls.map((call) => call.method)).toEqual(Array(count).fill(method));
  expect(new Set(calls.map((call) => call.stub)).size).toBe(count);
  expect(new Set(calls.map((call) => call.familyId)).size).toBe(1);
}

beforeAll(() => registerDefaults(sound));
captureErrors();

describe.each(CASES)("an object's error: $title, $moment committing", (trouble) => {
  const { thrown, moment, calls: count, status } = trouble;
  const answer = status === 200 ? GRANTED : UNAVAILABLE;

  test(`makes ${count} calls to begin a family and responds ${status}`, async () => {
    const { service, calls } = createTroubledService(thrown, moment);
    const login = await ask(service, LOGIN);
    expect(login).toEqual(answer);
    expectCalls(calls, "start", count);
    if (status === 200) await expectUsable(login.body as TokenAnswer);
  });

  test(`makes ${count} calls to refresh and responds ${status}`, async () => {
    const { refresh_token } = await logIn(sound);
    const { service, calls } = createTroubledService(thrown, moment);
    const refreshed = await refresh(service, refresh_token);
    expect(refreshed).toEqual(answer);
    expectCalls(calls, "rotate", count);
    const isConsumed = status === 200 || moment === "after";
    expect(await stateOf(refresh_token)).toBe(`generation ${isConsumed ? 1 : 0}`);
    if (status === 200) await expectUsable(refreshed.body as TokenAnswer);
  });

  test(`makes ${count} calls to introspect`, async () => {
    const { access_token } = await logIn(sound);
    const { service, calls } = createTroubledService(thrown, moment);
    const active = expect.objectContaining({ clientId: "client" });
    expect(await inspect(service, access_token)).toEqual(status === 200 ? active : UNAVAILABLE);
    expectCalls(calls, "inspect", count);
  });
});

test("an object that lost an acknowledged rotation ends the family", async () => {
  const first = await logIn(sound);
  const family = await familyOf(first.refresh_token);
  const before = await runInDurableObject(family, (_, { storage }) => storage.kv.get("family"));
  const second = granted(await refresh(sound, first.refresh_token));
  await runInDurableObject(family, (_, { storage }) => storage.kv.put("family", before));
  expect(await refresh(sound, second.refresh_token)).toEqual(INVALID_GRANT);
  expect(await stateOf(first.refresh_token)).toBe("revoked");
  expect(await refresh(sound, first.refresh_token)).toEqual(INVALID_GRANT);
});

async function expectUsable({ access_token, refresh_token }: TokenAnswer): Promise<void> {
  expect(await inspect(sound, access_token)).toMatchObject({ clientId: "client" });
  expect(await refresh(sound, refresh_token)).toEqual(GRANTED);
}

test("a call that is repeated after another client's refresh returns that client's pair", async () => {
  const { refresh_token } = await logIn(sound);
  const lenient = createService({ REFRESH_RETRY: "same-successor" });
  let others: TokenAnswer | undefined;
  const service = createService({
    REFRESH_RETRY: "same-successor",
    ...interceptFamilies(async (_, proceed) => {
      if (others !== undefined) return proceed();
      // At least a millisecond apart: a generation contains its creation time.
      await scheduler.wait(5);
      others = granted(await refresh(lenient, refresh_token));
      throw Object.assign(new Error("Network connection lost"), RETRYABLE);
    }),
  });
  const own = granted(await refresh(service, refresh_token));
  expect(own.refresh_token).toBe(others?.refresh_token);
  expect(own.access_token).toBe(others?.access_token);
});
