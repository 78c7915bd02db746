import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { dumpRegistry } from "../support/management.ts";
import {
  MANAGED,
  manage,
  newClient,
  newUser,
  ownToken,
  registerSite,
} from "../support/managing.ts";
import { ask, basic, granted, logIn, post } from "../support/requests.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService({ MANAGEMENT_API: "on", IMPORTED_TOKENS: "on" });
let userId = "";
let clientId = "";
let token = "";
beforeAll(async () => {
  await registerDefaults(service);
  await registerSite();
  userId = (await newUser()).id;
  clientId = (await newClient()).client_id;
  token = await ownToken();
});

const SQL = [
  ...["' OR '1'='1", "' OR 1=1 --", "'; DROP TABLE users; --", '"; DELETE FROM clients; --'],
  ...["ada' --", "ada'/*", "' UNION SELECT * FROM clients --", "\\'; UPDATE users SET id=1; --"],
  ...["%", "_", "ada%", "a_a", "?1", ":id", "@id", "$id", "'||(SELECT 1)||'", "1;SELECT 1", "ADA"],
];

type Send = (text: string) => Promise<{ status: number }>;

const admin = (method: string, path: string, body?: (text: string) => unknown): Send => {
  return async (text) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body(text)) };
    const filled = path.replace("TEXT", encodeURIComponent(text));
    return service.fetch(filled, { method, headers, ...sent });
  };
};
const form = (path: string, name: string): Send => {
  return (text) => {
    const body = new URLSearchParams({ token: "x", ...LOGIN, [name]: text });
    return post(service, body, basic(CLIENT), path);
  };
};
const basicId: Send = (text) => ask(service, LOGIN, `${encodeURIComponent(text)}:secret`);
const refreshing: Send = (text) => {
  return ask(service, { grant_type: "refresh_token", refresh_token: text });
};
const bearing: Send = (text) => {
  const headers = { Authorization: `Bearer ${text.replaceAll(" ", "/**/")}` };
  return post(service, new URLSearchParams({ token: text }), headers, "/o/introspect/");
};
const preflight: Send = (text) => {
  return service.fetch("/o/token/", { method: "OPTIONS", headers: { Origin: text } });
};

/** Every part of a request whose text reaches D1, and the expected statuses. */
const INPUTS: Readonly<Record<string, readonly [send: Send, statuses: readonly number[]]>> = {
  "the user name of a login": [form("/o/token/", "username"), [400]],
  "the client id of HTTP Basic": [basicId, [401]],
  "the client id of a body": [form("/o/token/", "client_id"), [400]],
  "the scope": [form("/o/token/", "scope"), [400]],
  "the resource": [form("/o/token/", "resource"), [400]],
  "a refresh token": [refreshing, [400]],
  "a token to revoke": [form("/o/revoke_token/", "token"), [200]],
  "a token to introspect, of another server as well": [form("/o/introspect/", "token"), [200]],
  "a bearer token": [bearing, [401]],
  "the origin of a preflight": [preflight, [204]],
  "the user of a path": [admin("GET", "/admin/users/TEXT"), [404]],
  "the user of a path that is deleted": [admin("DELETE", "/admin/users/TEXT"), [404]],
  "the user whose sessions end": [admin("DELETE", "/admin/users/TEXT/sessions"), [404]],
  "the client of a path": [admin("GET", "/admin/clients/TEXT"), [404]],
  "the client of a path that is deleted": [admin("DELETE", "/admin/clients/TEXT"), [404]],
  "the client whose sessions end": [admin("DELETE", "/admin/clients/TEXT/sessions"), [404]],
  "the resource of a path": [admin("GET", "/admin/resources/TEXT"), [404]],
  "the resource of a path that is set": [admin("PUT", "/admin/resources/TEXT", () => ({})), [422]],
  "the resource of a path that is removed": [admin("DELETE", "/admin/resources/TEXT"), [404]],
  "the cursor in a list of resources": [admin("GET", "/admin/resources?after=TEXT"), [200]],
  "the cursor in a list of users": [admin("GET", "/admin/users?after=TEXT"), [200]],
  "the cursor in a list of clients": [admin("GET", "/admin/clients?after=TEXT"), [200]],
  "the name in a list of users": [admin("GET", "/admin/users?username=TEXT"), [200]],
  "the number in a list": [admin("GET", "/admin/users?limit=TEXT"), [422]],
  "a field that is not known": [
    admin("PATCH", "/admin/users/ID", (text) => ({ [text]: 1 })),
    [404, 422],
  ],
};

describe("text that would be SQL stays text:", () => {
  test.each(Object.entries(INPUTS))("%s", async (_, [send, statuses]) => {
    const before = await everything();
    for (const text of SQL) expect(statuses, text).toContain((await send(text)).status);
    expect(await everything()).toEqual(before);
  });

  test("a name in a list of users finds that name alone", async () => {
    for (const text of SQL) {
      const { body } = await manage("GET", `/admin/users?username=${encodeURIComponent(text)}`);
      expect(body).toMatchObject({ items: [] });
    }
  });

  test.each([
    ["users", "username", () => `/admin/users/${userId}`],
    ["clients", "client_name", () => `/admin/clients/${encodeURIComponent(clientId)}`],
  ])("what is written of %s, which is read as it was", async (_, field, path) => {
    for (const text of SQL) {
      expect(await manage("PATCH", path(), { [field]: text })).toMatchObject({ status: 200 });
      expect(await manage("GET", path())).toMatchObject({ body: { [field]: text } });
    }
  });

  test("and so are the claims of a user", async () => {
    const claims = Object.fromEntries(SQL.map((text) => [text, text]));
    const { id } = await newUser({ claims });
    expect(await manage("GET", `/admin/users/${id}`)).toMatchObject({ body: { claims } });
  });
});

/** Schema and rows of everything that D1 has, but for what a login leaves. */
async function everything(): Promise<unknown> {
  const schema = await env.DB.prepare("SELECT name, sql FROM sqlite_master ORDER BY 1").all();
  return [schema.results, await dumpRegistry()];
}

describe("a name that every object inherits", () => {
  const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];
  const inherited = () => Reflect.ownKeys(Object.prototype);
  const before = inherited();

  const WAYS: Readonly<Record<string, (name: string) => [body: string, type: string]>> = {
    form: (name) => [
      `${new URLSearchParams(LOGIN)}&${name}=x`,
      "application/x-www-form-urlencoded",
    ],
    JSON: (name) => [`${JSON.stringify(LOGIN).slice(0, -1)},"${name}":"x"}`, "application/json"],
    multipart: (name) => [
      Object.entries({ ...LOGIN, [`x${name}`]: "y" })
        .map(([key, value]) => {
          const called = key === `x${name}` ? name : key;
          return `--b\r\nContent-Disposition: form-data; name="${called}"\r\n\r\n${value}\r\n`;
        })
        .join("")
        .concat("--b--\r\n"),
      "multipart/form-data; boundary=b",
    ],
  };

  test.each(Object.entries(WAYS))("is a parameter like any other: %s", async (_, write) => {
    for (const name of NAMES) {
      const [body, type] = write(name);
      const answer = await post(service, body, { ...basic(CLIENT), "Content-Type": type });
      expect([name, answer.status]).toEqual([name, 200]);
    }
    expect(inherited()).toEqual(before);
  });

  test.each(NAMES)("is no grant, no media type, no path, no scope: %s", async (name) => {
    const wrong = await Promise.all([
      ask(service, { grant_type: name }),
      ask(service, { ...LOGIN, scope: name }),
      post(service, "a", { "Content-Type": name }),
      manage("GET", `/admin/users/${name}`),
      manage("GET", `/${name}`),
      manage("GET", `/admin/users?${name}=x`),
      manage(name === "constructor" ? "PATCH" : "PUT", "/admin/users"),
    ]);
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 415, 404, 404, 422, 405]);
  });

  test.each(NAMES)("as a claim gives no rights, and reaches no other object: %s", async (name) => {
    const value = { scope: "admin", active: true, is_active: true, polluted: true };
    const claims = JSON.parse(`{"deep":{"${name}":${JSON.stringify(value)}},"${name}":"x"}`);
    const username = `claims of ${name}`;
    const user = JSON.parse(JSON.stringify({ username, password: "a user's password" }));
    const made = await manage("POST", "/admin/users", { ...user, claims });
    expect([201, 422]).toContain(made.status);
    if (made.status === 201) {
      const patch = await manage("PATCH", `/admin/users/${(made.body as { id: string }).id}`, {
        claims: JSON.parse(`{"${name}":{"${name}":{"polluted":true}}}`),
      });
      expect([200, 422]).toContain(patch.status);
      const login = granted(await ask(MANAGED, { ...LOGIN, ...user }));
      expect(login.scope).not.toContain("admin");
      const body = new URLSearchParams({ token: login.access_token });
      const { body: shown } = await post(MANAGED, body, basic(CLIENT), "/o/introspect/");
      expect(shown).toMatchObject({ active: true, username, scope: login.scope });
    }
    expect(inherited()).toEqual(before);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });

  test("gives no right by any other field of the management API", async () => {
    for (const name of NAMES) {
      const body = JSON.parse(`{"client_id":"c ${name}","${name}":{"scope":"admin"}}`);
      expect((await manage("POST", "/admin/clients", body)).status).toBe(422);
    }
    expect(inherited()).toEqual(before);
    expect((await logIn(service)).scope).not.toContain("admin");
  });
});

describe("text that would end a header", () => {
  const SPLIT = ["a\r\nSet-Cookie: split=1", "a\nSet-Cookie: split=1", "a\rSet-Cookie: split=1"];

  test.each(SPLIT)("ends none, wherever it is: %j", async (text) => {
    const escaped = encodeURIComponent(text);
    const answers = await Promise.all([
      ...["username", "scope", "client_id", "resource"].map((name) => {
        return service.fetch("/o/token/", {
          method: "POST",
          headers: basic(CLIENT),
          body: new URLSearchParams({ ...LOGIN, [name]: text }),
        });
      }),
      service.fetch(`/o/${escaped}`),
      service.fetch(`/o/introspect/?token=${escaped}`),
      admin("POST", "/admin/users", () => ({ id: text, username: "split" }))(""),
      admin("POST", "/admin/clients", () => ({ client_id: text }))(""),
      admin("GET", "/admin/users/TEXT")(text),
    ]);
    for (const answer of answers as Response[]) {
      expect(answer.status).toBeLessThan(500);
      expect([...answer.headers].flat().join("\n").toLowerCase()).not.toContain("split");
    }
  });

  test("of a Location is escaped", async () => {
    const client_id = 'odd/../?#%0d%0aSet-Cookie: "<b>';
    const { status, headers } = await manage("POST", "/admin/clients", { client_id });
    const location = `/admin/clients/${encodeURIComponent(client_id)}`;
    expect([status, headers["location"]]).toEqual([201, location]);
  });
});
