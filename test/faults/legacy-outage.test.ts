import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Intercept, interceptBindings } from "../support/interception.ts";
import { callsOf, createMovingService } from "../support/legacy.ts";
import { LEGACY_PASSWORD } from "../support/legacy-accounts.ts";
import { ask } from "../support/requests.ts";
import { INVALID_CREDENTIALS, SUCCESS, UNAVAILABLE } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";
import { watch } from "../support/watched.ts";

/** The deadline of the call is 5 seconds of a real clock. */
const SLOW_MS = 60_000;

const watched = watch();
const sound = createService();

const USERS = [
  ["an unknown user", "stranger"],
  ["a user whose hash is of another scheme", "argon"],
] as const;
const ARGON = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$Zm9yZWlnbg";

beforeAll(async () => {
  await registerDefaults(sound);
  const insert = "INSERT INTO users (id, username, password_record) VALUES (?, ?, ?)";
  await env.DB.prepare(insert).bind("argon-id", "argon", ARGON).run();
});

const usersNow = async () =>
  (await env.DB.prepare("SELECT * FROM users ORDER BY id").all()).results;
const loginOf = (username: string) => ({ ...LOGIN, username, password: LEGACY_PASSWORD });

/** How the old endpoint may fail, and the words in the log. */
const PLAYS: readonly (readonly [what: string, play: string, said: RegExp])[] = [
  ["responds 500 and quotes the request", "broken", /with status 500$/],
  ["responds in HTML and quotes the request", "html", /with status 200$/],
  ["redirects", "redirect", /with status 307$/],
  ["throttles", "throttled", /with status 429$/],
  ["returns an empty token", "no-token", /with status 200$/],
  ["returns a token with status 500", "token-in-error", /with status 500$/],
  ["rejects the client's grant type", "grant-refused", /with status 400$/],
  ["responds with an array", "array", /with status 200$/],
  ["responds with null", "null", /with status 200$/],
  ["responds with more than is read", "huge", /too long$/],
  ["closes the connection", "hangup", /./],
  ["never responds", "silent", /./],
  ["never ends its response", "endless", /./],
];

describe.each(PLAYS)("an old endpoint that %s", (_, play, said) => {
  test.each(USERS)(
    "is an outage for %s, and changes nothing",
    async (__, username) => {
      const before = await usersNow();
      const moving = createMovingService(play);
      expect(await ask(moving, loginOf(username))).toEqual(UNAVAILABLE);
      expect(await moving.calls()).toHaveLength(1);
      expect(await usersNow()).toEqual(before);
      const [line] = watched.requests();
      expect(line).toMatchObject({ status: 503, reason: "storage_failed" });
      expect(line?.failure?.message).toMatch(/^legacy\.log_in failed: /);
      expect(line?.failure?.message).toMatch(said);
      expect(await callsOf("redirected")).toEqual([]);
    },
    SLOW_MS,
  );
});

describe("an old endpoint that", () => {
  test("does not exist is an outage", async () => {
    const nowhere = createMovingService("sound", {
      LEGACY_TOKEN_ENDPOINT: "http://127.0.0.1:1/o/token/",
    });
    expect(await ask(nowhere, loginOf("stranger"))).toEqual(UNAVAILABLE);
  });

  test("rejects its client is an outage, not a wrong password", async () => {
    const rejected = createMovingService("sound", { LEGACY_CLIENT_SECRET: "wrong" });
    expect(await ask(rejected, loginOf("stranger"))).toEqual(UNAVAILABLE);
    expect(watched.requests()[0]?.failure?.message).toMatch(/invalid_grant with status 401$/);
    expect(await rejected.calls()).toHaveLength(1);
  });

  test("fails does not affect users with a password here", async () => {
    const moving = createMovingService("broken");
    expect(await ask(moving, LOGIN)).toEqual(SUCCESS);
    expect(await ask(moving, { ...LOGIN, password: "wrong" })).toEqual(INVALID_CREDENTIALS);
  });
});

describe("when D1 fails after the old endpoint has accepted the password", () => {
  /** A service in which only the first operations on D1 of a kind succeed. */
  function failing(kind: string, sparing: number) {
    let left = sparing;
    const intercept: Intercept = (operation, proceed) => {
      if (operation !== kind) return proceed();
      left -= 1;
      return left < 0 ? Promise.reject(new Error("full")) : proceed();
    };
    return createMovingService("sound", { ...interceptBindings(intercept) });
  }

  test("a new user gets no token, and can retry", async () => {
    const before = await usersNow();
    const moving = failing("d1.batch", 1);
    expect(await ask(moving, loginOf("late"))).toEqual(UNAVAILABLE);
    expect(await usersNow()).toEqual(before);
    expect(await ask(createMovingService("sound"), loginOf("late"))).toEqual(SUCCESS);
  });

  test("a known user still logs in, and the next login asks the old endpoint again", async () => {
    const before = await usersNow();
    const moving = failing("d1.run", 0);
    expect(await ask(moving, loginOf("argon"))).toEqual(SUCCESS);
    await eventually(() => watched.failures().length === 1);
    expect(await usersNow()).toEqual(before);
    expect(await ask(moving, loginOf("argon"))).toEqual(SUCCESS);
    expect(await moving.calls()).toHaveLength(2);
    await eventually(() => watched.failures().length === 2);
  });
});
