import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_ROUTES } from "../../src/endpoints/admin/index.ts";
import { captureErrors } from "../support/faulty.ts";
import { interceptBindings } from "../support/interception.ts";
import { dumpRegistry } from "../support/management.ts";
import {
  everyCall,
  MANAGED,
  manage,
  newClient,
  newUser,
  ownToken,
  registerSite,
  send,
} from "../support/managing.ts";
import { ask, granted, refresh } from "../support/requests.ts";
import { whole } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";

captureErrors();

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
});

const PASSWORD = "a user's password";

const problem = (status: number, type: string, more: object = {}) => ({
  status,
  headers: {
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    pragma: "no-cache",
  },
  body: { type: `urn:tollgate:problem:${type}`, title: expect.any(String), status, ...more },
});
const NOT_FOUND = problem(404, "not_found");
const TAKEN = problem(409, "already_exists");
const invalid = (place: string, message: unknown = expect.any(String)) => {
  return problem(422, "invalid", { problems: [{ place, message }] });
};

const logInAs = (username: string, password = PASSWORD) => {
  return ask(MANAGED, { grant_type: "password", username, password });
};
const statusOf = async (username: string, password = PASSWORD) => {
  return (await logInAs(username, password)).status;
};
const isSessionAlive = async (refreshToken: string) => {
  return (await refresh(MANAGED, refreshToken)).status === 200;
};

describe("a user", () => {
  test("is made, found where the response says, and can log in", async () => {
    const more = { username: "Grace Hopper", password: PASSWORD, claims: { tenant: "navy" } };
    const made = await manage("POST", "/admin/users/", more);
    expect(made).toMatchObject({ status: 201, body: { username: "Grace Hopper" } });
    expect(await manage("GET", made.headers["location"] ?? "")).toEqual({
      ...made,
      status: 200,
      headers: { ...made.headers, location: undefined },
    });
    expect(Object.keys(made.body as object).sort()).toEqual([
      ...["claims", "created_at", "has_password", "id", "is_active"],
      ...["profile", "profile_updated_at", "sessions_valid_from", "username"],
    ]);
    expect(await statusOf("Grace Hopper")).toBe(200);
  });

  test("is changed by a merge patch, which is the same the second time", async () => {
    const { id } = await newUser({ claims: { a: 1, b: { c: 2, d: 3 } } });
    const patch = { claims: { a: null, b: { c: 4 } } };
    const first = await manage("PATCH", `/admin/users/${id}`, patch);
    expect(first.body).toMatchObject({ claims: { b: { c: 4, d: 3 } } });
    expect(await manage("PATCH", `/admin/users/${id}`, patch)).toEqual(first);
    const cleared = await manage("PATCH", `/admin/users/${id}`, { claims: null });
    expect(cleared.body).toMatchObject({ claims: {} });
  });

  test("takes another name, unless it is taken, and keeps every session", async () => {
    const { id, username } = await newUser();
    const { refresh_token } = granted(await logInAs(username));
    const renamed = await manage("PATCH", `/admin/users/${id}`, { username: `${username} II` });
    expect(renamed.body).toMatchObject({ id, username: `${username} II` });
    expect(await isSessionAlive(refresh_token)).toBe(true);
    expect([await statusOf(username), await statusOf(`${username} II`)]).toEqual([400, 200]);
    expect(await manage("PATCH", `/admin/users/${id}`, { username: "ada" })).toEqual(TAKEN);
  });

  test("cannot be made twice, by name or by id", async () => {
    const { id, username } = await newUser();
    const before = await dumpRegistry();
    expect(await manage("POST", "/admin/users", { username })).toEqual(TAKEN);
    expect(await manage("POST", "/admin/users", { username: "x", id })).toEqual(TAKEN);
    expect(await dumpRegistry()).toEqual(before);
  });

  test("who is deleted is gone, and the second time unknown", async () => {
    const { id, username } = await newUser();
    expect(await manage("DELETE", `/admin/users/${id}`)).toMatchObject({ status: 204, body: null });
    expect(await manage("DELETE", `/admin/users/${id}`)).toEqual(NOT_FOUND);
    expect(await statusOf(username)).toBe(400);
  });

  const ENDINGS: [string, string, string, unknown, status: number][] = [
    ["a password that is set", "PUT", "/password", { password: "another password" }, 204],
    ["a password that is reset", "POST", "/password-reset", undefined, 200],
    ["the end of all sessions", "DELETE", "/sessions", undefined, 204],
    ["being disabled", "PATCH", "", { is_active: false }, 200],
    ["being deleted", "DELETE", "", undefined, 204],
  ];
  test.each(ENDINGS)("loses every session by %s, and no other user does", async (...row) => {
    const [, method, path, body, status] = row;
    const [one, other] = [await newUser(), await newUser()];
    const sessions = [granted(await logInAs(one.username)), granted(await logInAs(one.username))];
    const others = granted(await logInAs(other.username));
    const answer = await manage(method, `/admin/users/${one.id}${path}`, body);
    expect(answer.status).toBe(status);
    for (const { refresh_token } of sessions) {
      expect(await isSessionAlive(refresh_token)).toBe(false);
    }
    expect(await isSessionAlive(others.refresh_token)).toBe(true);
  });

  test("logs in with a password that was set, twice over, and not with the old one", async () => {
    const { id, username } = await newUser();
    for (let time = 0; time < 2; time += 1) {
      const answer = await manage("PUT", `/admin/users/${id}/password`, { password: "the next!" });
      expect(answer).toMatchObject({ status: 204, body: null });
      expect([await statusOf(username), await statusOf(username, "the next!")]).toEqual([400, 200]);
    }
  });

  test("gets a password that is shown once, and another one each time", async () => {
    const { id, username } = await newUser();
    const path = `/admin/users/${id}/password-reset`;
    const passwords: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      const { body } = await manage("POST", path);
      passwords.push((body as { password: string }).password);
    }
    expect(passwords[1]).toMatch(/^(?:[0-9a-z]{5}-){4}[0-9a-z]{5}$/);
    const statuses = await Promise.all(passwords.map((one) => statusOf(username, one)));
    expect(statuses).toEqual([400, 200]);
  });
});

describe("a client", () => {
  const at = (id: string, more = "") => `/admin/clients/${encodeURIComponent(id)}${more}`;
  const own = (id: string, secret: string) => {
    return ask(
      MANAGED,
      { grant_type: "client_credentials" },
      `${encodeURIComponent(id)}:${secret}`,
    );
  };
  const grant_types = ["client_credentials"];

  test.each(["shop", "a b", "a/b", "a%2Fb", "a?b#c", "~{id}"])(
    "of any id, such as %j, is made with a secret that is shown this once",
    async (id) => {
      const client_id = `${id} ${crypto.randomUUID()}`;
      const made = await manage("POST", "/admin/clients", { client_id, grant_types });
      expect(made.status).toBe(201);
      const { client_secret, ...view } = made.body as { client_secret: string };
      expect((await own(client_id, client_secret)).status).toBe(200);
      expect(made.headers["location"]).toBe(at(client_id));
      expect((await manage("GET", at(client_id))).body).toEqual(view);
      expect((await manage("DELETE", at(client_id))).status).toBe(204);
      expect(await manage("GET", at(client_id))).toEqual(NOT_FOUND);
    },
  );

  test("brings a secret of its own, which is not sent back", async () => {
    const made = await newClient({ client_secret: "its very own", grant_types });
    expect(made).not.toHaveProperty("client_secret");
    expect((await own(made.client_id, "its very own")).status).toBe(200);
  });

  test("cannot be made twice", async () => {
    const { client_id } = await newClient();
    expect(await manage("POST", "/admin/clients", { client_id })).toEqual(TAKEN);
  });

  test("is changed by a merge patch, which is the same the second time", async () => {
    const { client_id } = await newClient({ scope: "read", claims: { a: 1, b: 2 } });
    const patch = { scope: null, claims: { a: null }, client_name: "Shop" };
    const first = await manage("PATCH", at(client_id), patch);
    expect(first.body).toMatchObject({ claims: { b: 2 }, client_name: "Shop" });
    expect(first.body).not.toHaveProperty("scope");
    expect(await manage("PATCH", at(client_id), patch)).toEqual(first);
  });

  test("rotates its secret, and the old one ends when it is said to", async () => {
    const { client_id, client_secret } = await newClient({ grant_types });
    const second = (await manage("POST", at(client_id, "/secret"), {})).body as {
      client_secret: string;
    };
    expect((await own(client_id, client_secret)).status).toBe(200);
    const now = { previous_secret_ends_at: "2020-01-01T00:00:00Z" };
    const third = (await manage("POST", at(client_id, "/secret"), now)).body as {
      client_secret: string;
    };
    const secrets = [client_secret, second.client_secret, third.client_secret];
    const answers = await Promise.all(secrets.map((one) => own(client_id, one)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 200]);
  });

  test("loses every token when all of its sessions end, and may ask for more", async () => {
    const { client_id, client_secret } = await newClient({
      grant_types: ["client_credentials"],
      scope: "read admin",
    });
    const credentials = `${client_id}:${client_secret}`;
    const token = await ownToken(credentials);
    const list = { method: "GET", path: "/admin/users" };
    expect((await send(list, token)).status).toBe(200);
    // A token's time has whole milliseconds, and the end counts for what came before.
    await scheduler.wait(2);
    expect((await manage("DELETE", at(client_id, "/sessions"))).status).toBe(204);
    expect((await send(list, token)).status).toBe(401);
    expect((await send(list, await ownToken(credentials))).status).toBe(200);
  });
});

describe("an API for every client", () => {
  const at = (uri: string) => `/admin/resources/${encodeURIComponent(uri)}`;
  const ORIGIN = "https://notes.example.com";
  afterEach(() => env.DB.exec("DELETE FROM resources"));

  test("is added, replaced, listed and removed, however its origin is spelled", async () => {
    const added = await manage("PUT", at(ORIGIN), { scope: " write  read" });
    expect(added).toMatchObject({ status: 200, body: { uri: ORIGIN, scope: "write read" } });
    expect((await manage("GET", at(`${ORIGIN}/`))).body).toEqual(added.body);
    expect((await manage("PUT", at(`${ORIGIN}/`), {})).body).toEqual({ uri: `${ORIGIN}/` });
    await manage("PUT", at(`${ORIGIN}/mcp`), { scope: "openid" });
    const all = [{ uri: `${ORIGIN}/` }, { uri: `${ORIGIN}/mcp`, scope: "openid" }];
    expect((await manage("GET", "/admin/resources")).body).toEqual({ items: all, next: null });
    expect((await manage("DELETE", at(ORIGIN))).status).toBe(204);
    expect(await manage("DELETE", at(ORIGIN))).toEqual(NOT_FOUND);
    expect((await manage("GET", "/admin/resources")).body).toMatchObject({ items: [all[1]] });
    const { results } = await env.DB.prepare(
      "SELECT action, subject, fields FROM audit_events ORDER BY id DESC LIMIT 2",
    ).all();
    expect(results).toEqual([
      { action: "delete_resource", subject: `${ORIGIN}/`, fields: "" },
      { action: "set_resource", subject: `${ORIGIN}/mcp`, fields: "scope" },
    ]);
  });

  test.each<[string, string, unknown, place: string, message: unknown]>([
    ["no URI", "notes", {}, "uri", "is not an absolute URI"],
    ["a fragment", `${ORIGIN}#a`, {}, "uri", "is not an absolute URI"],
    ["a long one", `${ORIGIN}/${"a".repeat(400)}`, {}, "uri", "is longer than 400 bytes"],
    ["no scope", ORIGIN, { scope: "" }, "scope", expect.any(String)],
    ["unknown scopes", ORIGIN, { scope: "read fly" }, "scope", /^1 of 2 names/],
    ["a scope by name", ORIGIN, { scope: "introspection" }, "scope", /only by name/],
    ["the scope admin", ORIGIN, { scope: "admin" }, "scope", /only by name/],
    ["another field", ORIGIN, { scopes: "read" }, "scopes", expect.any(String)],
  ])("has no %s", async (_, uri, body, place, message) => {
    const words = message instanceof RegExp ? expect.stringMatching(message) : message;
    expect(await manage("PUT", at(uri), body)).toEqual(invalid(place, words));
    expect((await manage("GET", "/admin/resources")).body).toMatchObject({ items: [] });
  });

  test("is one of a hundred at most, with those of the setting", async () => {
    const service = createService({ MANAGEMENT_API: "on", RESOURCES: "https://a.example/1" });
    const names = JSON.stringify(Array.from({ length: 98 }, (_, index) => index));
    await env.DB.prepare(
      "INSERT INTO resources (uri) SELECT 'https://b.example/' || value FROM json_each(?)",
    )
      .bind(names)
      .run();
    const token = await ownToken();
    const put = async (name: string) => {
      const path = at(`https://b.example/${name}`);
      return whole(await send({ method: "PUT", path, body: {} }, token, service));
    };
    expect(await put("last")).toMatchObject({ status: 200 });
    const full = invalid("uri", expect.stringContaining("100 resources"));
    expect(await put("more")).toEqual(full);
    expect(await put("last")).toMatchObject({ status: 200 });
  });
});

describe("who is not there", () => {
  test("is the same for every call, and so is the id of another kind", async () => {
    const { id } = await newUser();
    const before = await dumpRegistry();
    const wrong = everyCall("site", id).filter(({ path }) => {
      return /^\/admin\/(?:users|clients)\//.test(path);
    });
    for (const call of wrong) {
      const answer = await whole(await send(call, await ownToken()));
      expect({ call, answer }).toEqual({ call, answer: NOT_FOUND });
    }
    expect(await dumpRegistry()).toEqual(before);
  });

  test.each(["%00", "%2e%2e%2fclients%2fsite", "' OR 1=1 --", "x".repeat(300), "%ff", "null"])(
    "cannot be found by an invalid id: %s",
    async (id) => {
      const { status } = await manage("GET", `/admin/users/${id}`);
      expect([404, 422]).toContain(status);
    },
  );
});

describe("an invalid value is rejected with its location, and nothing changes:", () => {
  const username = "somebody";
  test.each<[string, unknown, place: string, message: unknown]>([
    ["no name", {}, "username", expect.any(String)],
    ["an empty name", { username: "" }, "username", expect.any(String)],
    ["a field of another's", { username, admin: true }, "admin", "is not a known field"],
    [
      "a record",
      { username, password_record: "!" },
      "password_record",
      "only allowed in a file for apply",
    ],
    ["claims that tokens use", { username, claims: { sub: "x" } }, "claims", expect.any(String)],
    ["a short password", { username, password: "1234567" }, "password", /shorter than 8/],
    ["a common one", { username, password: "PassWord1" }, "password", "is a common password"],
    [
      "the name as password",
      { username, password: "Somebody" },
      "password",
      "is the same as the user name",
    ],
    ["a control character in one", { username, password: "a\0bcdefgh" }, "password", /control/],
    ["too long a one", { username, password: "ab".repeat(3000) }, "password", /4096 bytes/],
    ["a state of another type", { username, is_active: "yes" }, "is_active", expect.any(String)],
  ])("%s", async (_, body, place, message) => {
    const before = await dumpRegistry();
    const words = message instanceof RegExp ? expect.stringMatching(message) : message;
    expect(await manage("POST", "/admin/users", body)).toEqual(invalid(place, words));
    expect(await dumpRegistry()).toEqual(before);
  });

  test.each<[string, string, unknown, place: string]>([
    ["PATCH", "", { id: "other" }, "id"],
    ["PATCH", "", { password: "another password" }, "password"],
    ["PATCH", "", { username: null }, "username"],
    ["PUT", "/password", { password: 1 }, "password"],
    ["PUT", "/password", { password: "short" }, "password"],
    ["PUT", "/password", { password: "a user's password", x: 1 }, "x"],
  ])("%s %s %j", async (method, path, body, place) => {
    const { id } = await newUser();
    const before = await dumpRegistry();
    expect(await manage(method, `/admin/users/${id}${path}`, body)).toEqual(invalid(place));
    expect(await dumpRegistry()).toEqual(before);
  });

  test("a response never contains what was sent", async () => {
    const invalidUser = {
      canary1: "canary2",
      username: "canary3\n",
      claims: { canary4: "canary5" },
    };
    const { body } = await manage("POST", "/admin/users", { ...invalidUser, id: "canary 6" });
    expect(JSON.stringify(body)).not.toContain("canary");
  });
});

describe("a body", () => {
  const post = async (body: BodyInit, type: string | null) => {
    const headers = {
      Authorization: `Bearer ${await ownToken()}`,
      ...(type === null ? {} : { "Content-Type": type }),
    };
    return whole(await MANAGED.fetch("/admin/users", { method: "POST", headers, body }));
  };
  const detail = expect.any(String);
  const UNREADABLE = problem(400, "invalid_request", { detail });
  const deep = (levels: number) => `{"claims":${"[".repeat(levels)}${"]".repeat(levels)}}`;

  test.each<[string, string]>([
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["a text", '"x"'],
    ["too deep", deep(17)],
    ["far too deep", deep(20_000)],
  ])("that is %s is rejected", async (_, body) => {
    expect(await post(body, "application/json")).toEqual(UNREADABLE);
  });

  test("that is not UTF-8 is rejected", async () => {
    expect(await post(new Uint8Array([0xff]), "application/json")).toEqual(UNREADABLE);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])(
    "of type %j is rejected",
    async (type) => {
      const refused = problem(415, "invalid_request", { detail });
      expect(await post(new TextEncoder().encode("{}"), type)).toEqual(refused);
    },
  );

  test("may have 64 KiB and not one byte more", async () => {
    const frame = JSON.stringify({ username: "" }).length;
    const ofBytes = (bytes: number) => JSON.stringify({ username: "x".repeat(bytes - frame) });
    expect(await post(ofBytes(65_536), "application/json; charset=utf-8")).toEqual(
      invalid("username"),
    );
    expect(await post(ofBytes(65_537), "application/json")).toEqual(
      problem(413, "invalid_request", { detail }),
    );
  });
});

describe("every path", () => {
  const paths = Object.entries(ADMIN_ROUTES).map(([path, methods]) => {
    return [path.replace(/\{\w+\}/, "x"), [...Object.keys(methods), "OPTIONS"].join(", ")] as const;
  });

  test.each(paths)("%s tells its methods, with and without a slash", async (path, methods) => {
    for (const one of [path, `${path}/`]) {
      const options = await MANAGED.fetch(one, {
        method: "OPTIONS",
        headers: { Origin: "https://a" },
      });
      expect([options.status, options.headers.get("Allow")]).toEqual([204, methods]);
      expect(options.headers.get("Access-Control-Allow-Origin")).toBe(null);
      const wrong = await whole(await MANAGED.fetch(one, { method: "PROPFIND" }));
      const refused = problem(405, "invalid_request");
      expect(wrong).toEqual({ ...refused, headers: { ...refused.headers, allow: methods } });
    }
  });

  test("that is none is as unknown as any other", async () => {
    expect((await manage("GET", "/admin")).status).toBe(404);
    expect((await manage("GET", "/admin/users/x/y")).status).toBe(404);
  });
});

test("only the response that creates it has a secret, and none has a hash or a token", async () => {
  const [{ id, username }, { client_id }] = [await newUser(), await newClient()];
  granted(await logInAs(username));
  const rows = JSON.stringify(await dumpRegistry());
  const records = [...rows.matchAll(/"(?:\w*_record)":"([^"]+)"/g)].map(([, record]) => record);
  expect(records.length).toBeGreaterThan(3);
  const token = await ownToken();
  for (const call of everyCall(id, client_id)) {
    const text = await (await send(call, token)).text();
    for (const record of [...records, token, PASSWORD]) expect(text).not.toContain(record);
    expect(text).not.toMatch(/tg[ar]_|_record|\$sealed/);
  }
});

test("an outage is a problem with Retry-After, and nothing has changed", async () => {
  const { id } = await newUser();
  const broken = createService({
    ...interceptBindings((operation, proceed) => {
      return operation === "d1.batch" || operation === "d1.all"
        ? Promise.reject(new Error("SQLITE_BUSY: canary"))
        : proceed();
    }),
    MANAGEMENT_API: "on",
  });
  const token = await ownToken();
  const before = await dumpRegistry();
  for (const call of everyCall(id, "site")) {
    const answer = await whole(await send({ ...call, method: call.method }, token, broken));
    const refused = problem(503, "temporarily_unavailable", { detail: expect.any(String) });
    if (call.method === "HEAD") continue;
    expect(answer).toEqual({ ...refused, headers: { ...refused.headers, "retry-after": "1" } });
  }
  expect(await dumpRegistry()).toEqual(before);
  const misconfigured = createService({ MANAGEMENT_API: "on", TOKEN_KEYS: "" });
  expect((await send({ method: "GET", path: "/admin/users" }, token, misconfigured)).status).toBe(
    503,
  );
});

test("every change is in the table of audit events, and none that was rejected", async () => {
  const { id, username } = await newUser();
  await manage("PUT", `/admin/users/${id}/password`, { password: "short" });
  await manage("PUT", `/admin/users/${id}/password`, { password: "long enough" });
  await manage("DELETE", `/admin/users/${id}`);
  const actor = "client:site";
  const { results } = await env.DB.prepare(
    "SELECT action, fields, ended_sessions, actor FROM audit_events WHERE subject = ? ORDER BY id",
  )
    .bind(username)
    .all();
  expect(results).toEqual([
    {
      action: "insert_user",
      fields: "password_record claims profile is_active",
      ended_sessions: 0,
      actor,
    },
    { action: "update_user", fields: "password_record", ended_sessions: 1, actor },
    { action: "delete_user", fields: "", ended_sessions: 1, actor },
  ]);
});
