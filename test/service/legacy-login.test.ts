import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createCountedService } from "../support/counting.ts";
import { eventually } from "../support/eventually.ts";
import { isActive } from "../support/inspection.ts";
import { interceptBindings } from "../support/interception.ts";
import { createMovingService, legacySettings, type MovingService } from "../support/legacy.ts";
import { LEGACY_PASSWORD, PUBLIC_LEGACY_CLIENT } from "../support/legacy-accounts.ts";
import { ask, logIn, refresh } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_CREDENTIALS,
  invalidRequest,
  SUCCESS,
  UNAUTHORIZED_CLIENT,
} from "../support/responses.ts";
import { createService, LOGIN, registerDefaults, type Service } from "../support/service.ts";
import { watch } from "../support/watched.ts";

const OURS = /^\$pbkdf2-sha256\$r=1,i=100000\$[\w-]{22}\$[\w-]{43}$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** A record of Django's that this service reads: the password is "correct horse". */
const DJANGO =
  "pbkdf2_sha256$50000$wqLyd8aOtXeMkZ3nV5hBcs$gqJDhtnhiTtv7iyJRpYIPiK5mr52Y3yz9OlGGIINAac=";

/** What this service cannot check, and the old server can. */
const FOREIGN = {
  "an unusable record": "!",
  "an unusable record of Django's": "!QhQ2mB1yFJ4Yx0XyAr8CeHjtPZu1GmWn3bKs5dLv",
  "a record of PBKDF2 with SHA-1": "pbkdf2_sha1$60000$salt$uUP0rNfJ6qFkUI0FLJ5bKeDbgn0=",
  "a record of Argon2": "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$Zm9yZWlnbg",
  "a record of bcrypt":
    "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuuWMlZP0WqEBlOfPj1uzTK6kq0nYZ0Lyq",
  "a record of scrypt": "scrypt$16384$salt$8$1$Zm9yZWlnbg==",
  "a record of more iterations than are verified": DJANGO.replace("50000", "2000001"),
};

const watched = watch();
const sound = createService();
beforeAll(() => registerDefaults(sound));

interface Row {
  readonly id: string;
  readonly password_record: string;
  readonly is_active: number;
}

async function rowsOf(username: string): Promise<Row[]> {
  const query = "SELECT id, password_record, is_active FROM users WHERE username = ?";
  return (await env.DB.prepare(query).bind(username).all<Row>()).results;
}

/** Puts a user into D1 as an import does. @returns the name, which is unique */
async function importUser(record: string, active = 1): Promise<string> {
  const username = `user-${crypto.randomUUID()}`;
  const insert = "INSERT INTO users (id, username, password_record, is_active) VALUES (?, ?, ?, ?)";
  await env.DB.prepare(insert).bind(crypto.randomUUID(), username, record, active).run();
  return username;
}

const newName = () => `Ada ü ${crypto.randomUUID()}`;
const loginOf = (username: string, password = LEGACY_PASSWORD) => {
  return { ...LOGIN, username, password };
};
const askAs = (service: Service, username: string, password?: string) => {
  return ask(service, loginOf(username, password));
};

test("a client that may not log users in makes no user and no call to the old endpoint", async () => {
  const machine = { client_id: "machine", client_secret: "s", grant_types: ["refresh_token"] };
  await sound.register({ clients: [machine] });
  const moving = createMovingService("sound");
  const username = newName();
  expect(await ask(moving, loginOf(username), "machine:s")).toEqual(UNAUTHORIZED_CLIENT);
  expect([await moving.calls(), await rowsOf(username)]).toEqual([[], []]);
});

describe("a user who is not known here", () => {
  test("logs in by one call to the old endpoint, and from then on without any", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    expect(await askAs(moving, username)).toEqual(SUCCESS);
    expect(await moving.calls()).toEqual([
      {
        method: "POST",
        contentType: expect.stringMatching(/^application\/x-www-form-urlencoded\b/),
        userAgent: "Tollgate",
        authorization: `Basic ${btoa("mover%3A1:h%C3%BCsh+%2B")}`,
        form: { grant_type: "password", username, password: LEGACY_PASSWORD },
      },
    ]);
    expect(await askAs(moving, username)).toEqual(SUCCESS);
    expect(await askAs(moving, username, "wrong")).toEqual(INVALID_CREDENTIALS);
    expect(await moving.calls()).toHaveLength(1);
    expect(await askAs(sound, username)).toEqual(SUCCESS);
  });

  test("gets a record of ours, a new id and tokens that live", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    const { access_token, refresh_token } = await logIn(moving, loginOf(username));
    const [row, ...others] = await rowsOf(username);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: expect.stringMatching(UUID),
      password_record: expect.stringMatching(OURS),
      is_active: 1,
    });
    expect(await isActive(sound, access_token)).toBe(true);
    expect(await refresh(sound, refresh_token)).toEqual(SUCCESS);
    expect(watched.audits()).toMatchObject([{ action: "user_adopted", user_id: row?.id }]);
    expect(watched.requests()[0]).toMatchObject({ outcome: "ok", user_id: row?.id });
    expect(watched.requests()[0]?.operations).toHaveProperty(["legacy.log_in"]);
  });

  test("ends as any other when the user is deactivated", async () => {
    const username = newName();
    const tokens = await logIn(createMovingService("sound"), loginOf(username));
    await sound.register({ users: [{ username, is_active: false }] });
    expect(await isActive(sound, tokens.access_token)).toBe(false);
  });

  test("is one user after two logins at once, and both succeed", async () => {
    const moving = createMovingService("sound");
    const username = newName();
    const logins = Array.from({ length: 4 }, () => logIn(moving, loginOf(username)));
    for (const { access_token, refresh_token } of await Promise.all(logins)) {
      expect(await isActive(sound, access_token)).toBe(true);
      expect(await refresh(sound, refresh_token)).toEqual(SUCCESS);
    }
    expect(await rowsOf(username)).toHaveLength(1);
    expect(watched.audits()).toHaveLength(1);
    expect(await moving.calls()).toHaveLength(4);
  });

  test("is asked for as a public client where there is no secret", async () => {
    const moving = createMovingService("sound", {
      LEGACY_CLIENT_ID: PUBLIC_LEGACY_CLIENT,
      LEGACY_CLIENT_SECRET: undefined,
    });
    expect(await askAs(moving, newName())).toEqual(SUCCESS);
    const [call] = await moving.calls();
    expect(call).toMatchObject({ authorization: "", form: { client_id: PUBLIC_LEGACY_CLIENT } });
  });

  test.each(["sound", "aged"])("is rejected as before with a wrong password (%s)", async (play) => {
    const moving = createMovingService(play);
    const username = newName();
    expect(await askAs(moving, username, "wrong")).toEqual(INVALID_CREDENTIALS);
    expect(await moving.calls()).toHaveLength(1);
    expect(await rowsOf(username)).toEqual([]);
    expect(watched.requests()[0]).toMatchObject({ reason: "user_unknown" });
  });
});

describe("a user who was made meanwhile", () => {
  /** Logs in while an operator makes the user: after the lookup, before the old endpoint is asked. */
  async function overtaken(entry: object) {
    const username = newName();
    let isMade = false;
    const bindings = interceptBindings(async (operation, proceed) => {
      const result = await proceed();
      if (operation === "d1.batch" && !isMade) {
        isMade = true;
        await sound.register({ users: [{ username, ...entry }] });
      }
      return result;
    });
    const moving = createMovingService("sound", { ...bindings });
    const answer = await askAs(moving, username);
    expect(await moving.calls()).toHaveLength(1);
    return { username, answer };
  }

  test("keeps the operator's password", async () => {
    const { username, answer } = await overtaken({ password: "another horse" });
    expect(answer).toEqual(INVALID_CREDENTIALS);
    expect(await askAs(sound, username, "another horse")).toEqual(SUCCESS);
  });

  test("stays out when inactive", async () => {
    const entry = { password: LEGACY_PASSWORD, is_active: false };
    expect((await overtaken(entry)).answer).toEqual(INVALID_CREDENTIALS);
  });
});

describe("a user with", () => {
  test.each(Object.entries(FOREIGN))("%s is asked for once", async (_, record) => {
    const moving = createMovingService("sound");
    const username = await importUser(record);
    const [before] = await rowsOf(username);
    const tokens = await logIn(moving, loginOf(username));
    await eventually(async () => OURS.test((await rowsOf(username))[0]?.password_record ?? ""));
    await eventually(() => watched.audits().length > 0);
    expect(watched.audits()).toMatchObject([{ action: "user_adopted", user_id: before?.id }]);
    expect((await rowsOf(username))[0]?.id).toBe(before?.id);
    expect(await isActive(sound, tokens.access_token)).toBe(true);
    expect(await askAs(moving, username)).toEqual(SUCCESS);
    expect(await askAs(moving, username, "wrong")).toEqual(INVALID_CREDENTIALS);
    expect(await moving.calls()).toHaveLength(1);
  });

  test.each(Object.entries(FOREIGN))("%s keeps it after a wrong password", async (_, record) => {
    const moving = createMovingService("sound");
    const username = await importUser(record);
    expect(await askAs(moving, username, "wrong")).toEqual(INVALID_CREDENTIALS);
    expect(await moving.calls()).toHaveLength(1);
    expect((await rowsOf(username))[0]?.password_record).toBe(record);
  });
});

describe("the legacy endpoint is not called", () => {
  const SEALED = `$sealed$${"A".repeat(120)}`;
  const imported = async (moving: MovingService, record: string, active = 1) => {
    return askAs(moving, await importUser(record, active));
  };
  const damaged = "$pbkdf2-sha256$r=0,i=1$$";
  const cases: [string, (moving: MovingService) => Promise<unknown>, expected?: unknown][] = [
    ["about a right password", (moving) => ask(moving, LOGIN), SUCCESS],
    ["about a wrong password of a record of ours", (moving) => askAs(moving, "ada")],
    ["about a wrong password of a readable record", (moving) => imported(moving, DJANGO)],
    ["about a record of ours whose pepper is missing", (moving) => imported(moving, SEALED)],
    ["about a damaged record of ours", (moving) => imported(moving, damaged)],
    ...Object.entries(FOREIGN).map(([name, record]): (typeof cases)[number] => [
      `about an inactive user with ${name}`,
      (moving) => imported(moving, record, 0),
    ]),
    ["about a name too long", (moving) => askAs(moving, "x".repeat(256))],
    ["with a password too long", (moving) => askAs(moving, newName(), "x".repeat(4097))],
    [
      "with a password that has a control character",
      (moving) => askAs(moving, newName(), "legacy\thorse"),
      invalidRequest(),
    ],
    [
      "about a name that has a control character",
      (moving) => askAs(moving, "Ada\u007f"),
      invalidRequest(),
    ],
    [
      "for a client that is not who it says it is",
      (moving) => ask(moving, loginOf(newName()), "client:wrong"),
      INVALID_CLIENT,
    ],
  ];

  test.each(cases)("%s", async (_, act, expected = INVALID_CREDENTIALS) => {
    const moving = createMovingService("trusting");
    expect(await act(moving)).toEqual(expected);
    expect(await moving.calls()).toEqual([]);
  });

  test.each(["", undefined])("without an endpoint (%j)", async (LEGACY_TOKEN_ENDPOINT) => {
    const still = createMovingService("trusting", { LEGACY_TOKEN_ENDPOINT });
    for (const username of [newName(), await importUser("!"), await importUser("bcrypt$x")]) {
      expect(await askAs(still, username)).toEqual(INVALID_CREDENTIALS);
    }
    expect(await still.calls()).toEqual([]);
  });

  test("but about the longest name and password there may be", async () => {
    const moving = createMovingService("trusting");
    const name = crypto.randomUUID().padEnd(255, "x");
    expect(await askAs(moving, name, "x".repeat(4096))).toEqual(SUCCESS);
    expect(await moving.calls()).toHaveLength(1);
  });
});

test("a first login costs the usual work, one call and one more round trip", async () => {
  const settings = legacySettings("sound", crypto.randomUUID());
  const { service, costOf } = createCountedService(settings);
  await ask(service, LOGIN);
  const login = { "d1.batch": 3, "kv.put": 1, "family.start": 1, pbkdf2: 2 };
  // Rows of the tests above have no folded name, which only other than ASCII names would need.
  const first = await costOf(() => askAs(service, `ada-${crypto.randomUUID()}`));
  expect(first.cost).toEqual(login);
  const refused = await costOf(() => askAs(service, newName(), "wrong"));
  expect(refused.cost).toEqual({ "d1.batch": 1, pbkdf2: 1 });
});
