import { beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { inspect, stateOf } from "../support/families.ts";
import { ALL_SCOPES, DJANGO_USER, SCENARIOS, setDjangoRecord } from "../support/fault-scenarios.ts";
import { captureErrors, createFaultyService, stopTimers } from "../support/faulty.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_CREDENTIALS, success, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const sound = createService();
const GRANTED = success(ALL_SCOPES);

beforeAll(async () => {
  await registerDefaults(sound);
  await sound.register({ users: [{ username: DJANGO_USER, password: "correct horse" }] });
});
stopTimers();
captureErrors();

describe("a call that takes effect long after its deadline", () => {
  test("a rotation does not end a family that was refreshed in the meantime", async () => {
    const faulty = createFaultyService();
    const first = await logIn(faulty.service);
    faulty.arm({ operation: "family.rotate", call: 1, kind: "late" });
    expect(await refresh(faulty.service, first.refresh_token)).toEqual(UNAVAILABLE);
    const second = granted(await refresh(faulty.service, first.refresh_token));
    vi.advanceTimersByTime(600_000);
    await faulty.catchUp();
    expect(await stateOf(first.refresh_token)).toBe("generation 1");
    expect(await refresh(faulty.service, second.refresh_token)).toEqual(GRANTED);
  });

  test("a write to KV does not make a revoked access token valid again", async () => {
    const faulty = createFaultyService({ REFRESH_RETRY: "same-successor" });
    const first = await logIn(faulty.service);
    faulty.arm({ operation: "kv.put", call: 1, kind: "late" });
    const second = granted(await refresh(faulty.service, first.refresh_token));
    await eventually(() => faulty.struck > 0);
    vi.advanceTimersByTime(60_000);
    expect(await refresh(faulty.service, first.refresh_token)).toMatchObject({ status: 400 });
    expect(await stateOf(first.refresh_token)).toBe("revoked");
    await faulty.catchUp();
    expect(await inspect(sound, second.access_token)).toBeNull();
  });

  test("a rehash does not undo a password change", async () => {
    const faulty = createFaultyService();
    const login = { ...LOGIN, username: DJANGO_USER };
    await setDjangoRecord();
    faulty.arm({ operation: "d1.run", call: 1, kind: "late" });
    const rehashed = faulty.next("d1.run");
    expect(await ask(faulty.service, login)).toEqual(GRANTED);
    await rehashed;
    const changed = { username: DJANGO_USER, password: "new password" };
    await sound.register({ users: [changed] });
    await faulty.catchUp();
    expect(await ask(sound, login)).toEqual(INVALID_CREDENTIALS);
    expect(await ask(sound, { ...login, ...changed })).toEqual(GRANTED);
  });
});

describe.each(["key", "same"] as const)("a client that may retry (%s)", (mode) => {
  test("still may after every call of its refresh took until its deadline", async () => {
    const settings = { REFRESH_RETRY: mode === "same" ? "same-successor" : "reject" };
    const faulty = createFaultyService(settings);
    const scenario = await SCENARIOS["refresh"]?.(faulty, mode);
    if (scenario === undefined) throw new Error("there is no such request");
    faulty.arm(
      { operation: "d1.batch", call: 1, kind: "slow" },
      { operation: "family.rotate", call: 1, kind: "lost" },
    );
    const first = await scenario.send();
    expect(first).toEqual(UNAVAILABLE);
    expect(faulty.struck).toBe(2);
    faulty.arm();
    vi.advanceTimersByTime(1000);
    const retry = await scenario.send();
    expect(retry).toEqual(scenario.answers["200"]);
    await scenario.check([first, retry]);
  });
});
