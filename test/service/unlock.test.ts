import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { passSeconds, stopClock } from "../support/clock.ts";
import { createLimitedService } from "../support/limited.ts";
import { MANAGED, manage, newUser, registerSite } from "../support/managing.ts";
import { INVALID_CREDENTIALS } from "../support/responses.ts";
import { registerDefaults } from "../support/service.ts";

const FREE = 3;
const SETTINGS = { USER_FAILURES_FREE: FREE, CLIENT_FAILURES_FREE: 100_000 };
const PASSWORD = "a user's password";
const OTHER = "another password of the user's";

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
});
stopClock();

/** A user who is limited, also at a known origin. */
async function heldUp() {
  const { id, username } = await newUser({ password: PASSWORD });
  const { logIn, takeCounts } = createLimitedService(SETTINGS);
  const home = { address: `198.51.100.${Math.floor(Math.random() * 250)}` };
  const statusOf = async (password: string, caller = {}) => {
    const { status } = await logIn({ username, password }, caller);
    return status;
  };
  expect(await statusOf(PASSWORD, home)).toBe(200);
  for (const caller of [{}, home]) {
    for (let count = 0; count < FREE; count += 1) {
      expect(await statusOf("wrong", caller)).toBe(400);
    }
    expect(await statusOf(PASSWORD, caller)).toBe(429);
  }
  const admissionsOf = async (password: string) => {
    takeCounts();
    const status = await statusOf(password);
    return [status, takeCounts()["failures.admit"]];
  };
  return { id, username, home, statusOf, admissionsOf };
}

describe("a user who is held up may try again at once", () => {
  type Held = Awaited<ReturnType<typeof heldUp>>;

  test.each<[string, (user: Held) => Promise<unknown>]>([
    ["is set", ({ id }) => manage("PUT", `/admin/users/${id}/password`, { password: OTHER })],
    [
      "is another one in a file",
      ({ username }) => MANAGED.register({ users: [{ username, password: OTHER }] }),
    ],
  ])("when the password %s", async (_, change) => {
    const user = await heldUp();
    await change(user);
    expect(await user.statusOf(OTHER)).toBe(200);
    expect(await user.statusOf(OTHER, user.home)).toBe(200);
  });

  test("when an operator unlocks the user, and the sessions live", async () => {
    const { id, statusOf } = await heldUp();
    const before = await notBeforeOf(id);
    expect(await manage("POST", `/admin/users/${id}/unlock`)).toMatchObject({ status: 204 });
    expect(await statusOf(PASSWORD)).toBe(200);
    expect(await notBeforeOf(id)).toBe(before);
  });

  test("and not when only the name, the claims or the sessions change", async () => {
    const { id, statusOf } = await heldUp();
    await manage("PATCH", `/admin/users/${id}`, { claims: { role: "staff" } });
    await manage("DELETE", `/admin/users/${id}/sessions`);
    expect(await statusOf(PASSWORD)).toBe(429);
  });
});

test("an unlock forgets what failed before it, once, and nothing that fails after it", async () => {
  const { id, admissionsOf } = await heldUp();
  await manage("POST", `/admin/users/${id}/unlock`);
  // The counter is told of the unlock once, after it has rejected an attempt.
  expect(await admissionsOf("wrong")).toEqual([400, 2]);
  for (let count = 1; count < FREE; count += 1) {
    expect(await admissionsOf("wrong")).toEqual([400, 1]);
  }
  for (let count = 0; count < 2; count += 1) {
    expect(await admissionsOf("wrong")).toEqual([429, 1]);
  }
});

test("an unlock before the free attempts are used up gives no more than those", async () => {
  const { id, username } = await newUser({ password: PASSWORD });
  const { logIn } = createLimitedService(SETTINGS);
  const fail = async (times: number) => {
    for (let count = 0; count < times; count += 1) {
      expect(await logIn({ username, password: "wrong" })).toEqual(INVALID_CREDENTIALS);
    }
  };
  await fail(FREE - 1);
  await manage("POST", `/admin/users/${id}/unlock`);
  await fail(FREE);
  expect(await logIn({ username, password: "wrong" })).toMatchObject({ status: 429 });
});

test("a user with a reset password has as many free guesses as any name", async () => {
  const { id, username } = await newUser({ password: PASSWORD });
  await manage("PUT", `/admin/users/${id}/password`, { password: OTHER });
  passSeconds(1);
  const { logIn } = createLimitedService(SETTINGS);
  for (let count = 0; count < FREE; count += 1) {
    expect(await logIn({ username, password: "wrong" })).toEqual(INVALID_CREDENTIALS);
  }
  expect(await logIn({ username, password: "wrong" })).toMatchObject({ status: 429 });
});

async function notBeforeOf(id: string): Promise<number | null> {
  const statement = env.DB.prepare("SELECT not_before_ms FROM users WHERE id = ?").bind(id);
  return statement.first<number>("not_before_ms");
}
