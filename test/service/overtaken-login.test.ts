import { beforeEach, describe, expect, test } from "vitest";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";

const sound = createService();

const CLIENT_ENTRY = {
  client_id: "client",
  grant_types: ["password", "refresh_token", "client_credentials"],
};

/** What the operator does during a login, and undoes where the login must be seen to fail. */
const ACTS: readonly (readonly [string, () => Promise<void>])[] = [
  [
    "a password change",
    () => sound.register({ users: [{ username: "ada", password: "new password" }] }),
  ],
  [
    "the user's deactivation",
    async () => {
      await sound.register({ users: [{ username: "ada", is_active: false }] });
      await sound.register({ users: [{ username: "ada" }] });
    },
  ],
  [
    "the client's",
    async () => {
      await sound.register({ clients: [{ ...CLIENT_ENTRY, disabled: true }] });
      await sound.register({ clients: [CLIENT_ENTRY] });
    },
  ],
];

beforeEach(async () => {
  await registerDefaults(sound);
});

/** A service in which something happens right after the accounts of a request were read. */
function overtakenBy(act: () => Promise<void>): Service {
  const bindings = interceptBindings(async (operation, proceed) => {
    const result = await proceed();
    if (operation === "d1.batch") {
      await scheduler.wait(5);
      await act();
      await scheduler.wait(5);
    }
    return result;
  });
  return createService({ ...bindings });
}

describe("a login that is overtaken", () => {
  test.each(ACTS)("by %s has ended when it is answered", async (_, act) => {
    const tokens = await logIn(overtakenBy(act));
    expect(await isActive(sound, tokens.access_token)).toBe(false);
    expect(await refresh(sound, tokens.refresh_token)).toEqual(INVALID_GRANT);
  });
});

test("a client's own token that is overtaken by its deactivation has ended too", async () => {
  const [, , [, act]] = ACTS as readonly [unknown, unknown, (typeof ACTS)[number]];
  const answer = await ask(overtakenBy(act), { grant_type: "client_credentials" });
  expect(await isActive(sound, granted(answer).access_token)).toBe(false);
});

test("a login right after a password change is valid at once", async () => {
  await sound.register({ users: [{ username: "ada", password: "new password" }] });
  const tokens = await logIn(sound, { ...LOGIN, password: "new password" });
  expect(await isActive(sound, tokens.access_token)).toBe(true);
});
