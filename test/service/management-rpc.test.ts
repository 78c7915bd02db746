import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { Management } from "../../src/rpc/management.ts";
import type { Managed, ManagedUser, Manager } from "../../src/rpc/management-types.ts";
import { holdDerivations } from "../support/derivations.ts";
import { eventually } from "../support/eventually.ts";
import { interceptBindings } from "../support/interception.ts";
import { dumpRegistry } from "../support/management.ts";
import { ask } from "../support/requests.ts";
import { createService, type Overrides, registerDefaults } from "../support/service.ts";
import { newBrowserSession, newSession } from "../support/sessions.ts";
import { WATCHING, watch } from "../support/watched.ts";

const service = createService();
const watched = watch();

beforeAll(() => registerDefaults(service));

/** The entrypoint over other settings and bindings, for a caller of some name. */
function managerOver(overrides: Overrides, props: unknown = {}): Management {
  const context = Object.assign(createExecutionContext(), { props });
  const bindings = { ...env, ...overrides } as Env;
  return new Management(context as ExecutionContext<{ actor?: unknown }>, bindings);
}

const manager: Manager = managerOver({ MANAGEMENT_API: "on" });

const PASSWORD = "a user's password";
const NO_SECRET = { client_secret: undefined };

function done<Result extends object>(outcome: Managed<Result>): Result {
  expect(outcome).toMatchObject({ kind: "ok" });
  return outcome as { kind: "ok" } & Result;
}

async function newUser(): Promise<ManagedUser> {
  const username = crypto.randomUUID();
  return done(await manager.createUser({ username, password: PASSWORD })).user;
}

async function lastActorOf({ username }: ManagedUser): Promise<unknown> {
  const query = "SELECT actor FROM audit_events WHERE subject = ? ORDER BY id DESC LIMIT 1";
  return (await env.DB.prepare(query).bind(username).first())?.["actor"];
}

const statusOf = async (username: string, password = PASSWORD) => {
  return (await ask(service, { grant_type: "password", username, password })).status;
};

/** Every method, with something that it takes. */
const CALLS: Readonly<
  Record<keyof Manager, (one: Manager, user: ManagedUser) => Promise<unknown>>
> = {
  listUsers: (one) => one.listUsers(),
  createUser: (one) => one.createUser({ username: crypto.randomUUID() }),
  getUser: (one, { id }) => one.getUser({ id }),
  updateUser: (one, { id }) => one.updateUser({ id }, { claims: { a: Math.random() } }),
  setPassword: (one, { id }) => one.setPassword({ id }, "another password"),
  resetPassword: (one, { id }) => one.resetPassword({ id }),
  unlockUser: (one, { id }) => one.unlockUser({ id }),
  listUserSessions: (one, { id }) => one.listUserSessions({ id }),
  endUserSession: async (one, { id }) => one.endUserSession({ id }, await newSession(id)),
  listUserBrowserSessions: (one, { id }) => one.listUserBrowserSessions({ id }),
  endUserBrowserSession: async (one, { id }) => {
    return one.endUserBrowserSession({ id }, await newBrowserSession(id));
  },
  listUserConsents: (one, { id }) => one.listUserConsents({ id }),
  revokeUserConsent: (one, { id }) => one.revokeUserConsent({ id }, "client"),
  endUserSessions: (one, { id }) => one.endUserSessions({ id }),
  deleteUser: (one, { id }) => one.deleteUser({ id }),
  listClients: (one) => one.listClients(),
  createClient: (one) => one.createClient({ client_id: crypto.randomUUID() }),
  getClient: (one) => one.getClient("client"),
  updateClient: (one) => one.updateClient("client", { client_name: crypto.randomUUID() }),
  rotateClientSecret: (one) => one.rotateClientSecret("client"),
  listClientLogouts: (one) => one.listClientLogouts("client"),
  endClientSessions: (one) => one.endClientSessions("client"),
  deleteClient: (one) => one.deleteClient("public"),
  listResources: (one) => one.listResources(),
  setResource: (one) => one.setResource({ uri: "https://api.example.com", scope: "read" }),
  getResource: (one) => one.getResource("https://api.example.com"),
  deleteResource: (one) => one.deleteResource("https://api.example.com"),
};

test("a user is named by id or by name, and it is the same one", async () => {
  const user = await newUser();
  for (const key of [{ id: user.id }, { username: user.username }]) {
    expect(await manager.getUser(key)).toEqual({ kind: "ok", user });
  }
  done(await manager.setPassword({ username: user.username }, "the second one"));
  expect([await statusOf(user.username), await statusOf(user.username, "the second one")]).toEqual([
    400, 200,
  ]);
  const { password } = done(await manager.resetPassword({ id: user.id }));
  expect(await statusOf(user.username, password)).toBe(200);
  const patch = { is_active: false, claims: { tenant: "acme" } };
  const { user: changed } = done(await manager.updateUser({ id: user.id }, patch));
  expect(changed).toMatchObject(patch);
  done(await manager.deleteUser({ id: user.id }));
  expect(await manager.deleteUser({ id: user.id })).toEqual({ kind: "not_found" });
});

test("a field of a patch that is undefined, which JSON does not have, stays", async () => {
  const before = { is_active: false, claims: { tenant: "acme" }, profile: { name: "Ida" } };
  const { id } = done(await manager.createUser({ username: crypto.randomUUID(), ...before })).user;
  const profile = { name: undefined, nickname: "Id" };
  const patch: object = { is_active: undefined, claims: undefined, profile };
  const { user } = done(await manager.updateUser({ id }, patch));
  expect(user).toMatchObject({ ...before, profile: { name: "Ida", nickname: "Id" } });
  const client_id = crypto.randomUUID();
  const made = done(await manager.createClient({ client_id, scope: "read", ...NO_SECRET })).client;
  expect(made.client_secret).toMatch(/^tgs_/);
  const fields = { client_name: "Shop", scope: undefined, ...NO_SECRET };
  const { client } = done(await manager.updateClient(client_id, fields));
  expect(client).toMatchObject({ client_name: "Shop", scope: "read" });
});

test("pages join", async () => {
  await newUser();
  const first = done(await manager.listUsers({ limit: 1 }));
  const second = done(await manager.listUsers({ limit: 1, after: first.next ?? "" }));
  const both = done(await manager.listUsers({ limit: 2 }));
  expect([...first.items, ...second.items]).toEqual(both.items);
});

test("a client's secret is shown where it is made", async () => {
  const client_id = crypto.randomUUID();
  const made = done(await manager.createClient({ client_id, grant_types: ["client_credentials"] }));
  const rotated = done(await manager.rotateClientSecret(client_id));
  const own = (secret = "") => {
    return ask(service, { grant_type: "client_credentials" }, `${client_id}:${secret}`);
  };
  for (const { client } of [made, rotated]) {
    expect((await own(client.client_secret)).status).toBe(200);
  }
  const { client } = done(await manager.getClient(client_id));
  expect(client).not.toHaveProperty("client_secret");
  expect(client).toMatchObject({ has_secret: true, has_previous_secret: true });
});

describe("what cannot be done is said, and nothing changes", () => {
  const untyped = (value: unknown) => value as never;
  const SHORT = { place: "password", message: "is shorter than 8 characters" };
  const ada = { username: "ada" };
  const REFUSALS: [string, () => Promise<Managed>, outcome?: object][] = [
    ["an unknown user", () => manager.getUser({ id: "nobody" }), { kind: "not_found" }],
    ["a duplicate user", () => manager.createUser(ada), { kind: "already_exists" }],
    ["a short password", () => manager.setPassword(ada, "short"), { problems: [SHORT] }],
    ["no password", () => manager.setPassword(ada, untyped(null))],
    ["no key", () => manager.deleteUser(untyped(undefined))],
    ["two keys", () => manager.deleteUser({ id: "x", username: "ada" })],
    ["a name alone", () => manager.deleteUser(untyped("ada"))],
    ["no object", () => manager.createUser(untyped("ada"))],
    ["no page", () => manager.listUsers(untyped(null))],
    ["a number", () => manager.deleteClient(untyped(7))],
    ["a list of changes", () => manager.updateClient("client", untyped([]))],
    ["no rotation", () => manager.rotateClientSecret("client", untyped(null))],
  ];

  test.each(REFUSALS)("%s", async (_, call, outcome = {}) => {
    const before = await dumpRegistry();
    expect(await call()).toMatchObject({ kind: "invalid", ...outcome });
    expect(await dumpRegistry()).toEqual(before);
  });
});

describe.each(Object.entries(CALLS))("%s", (method, call) => {
  test("is one line of the log, and changes are audit events with who made them", async () => {
    const user = await newUser();
    const seen = watched.console.length;
    const caller = managerOver({ ...WATCHING, MANAGEMENT_API: "on" }, { actor: "shop" });
    expect(await call(caller, user)).toMatchObject({ kind: "ok" });
    const lines = watched.console.slice(seen).map(({ words }) => JSON.parse(String(words)));
    const line = lines.find(({ event }) => event === "manage");
    expect(line).toMatchObject({ endpoint: method, outcome: "ok" });
    const isRead = /^(?:list|get)/.test(method);
    expect(watched.queue.slice(-1)).toEqual(
      isRead ? [] : [expect.objectContaining({ action: "managed", actor_id: "shop" })],
    );
    expect(JSON.stringify(lines)).not.toContain(user.username);
  });

  test("reports that it is off, and does nothing, where it is", async () => {
    const user = await newUser();
    const before = await dumpRegistry();
    for (const setting of ["off", undefined, "ON"]) {
      expect(await call(managerOver({ MANAGEMENT_API: setting }), user)).toEqual({ kind: "off" });
    }
    expect(await dumpRegistry()).toEqual(before);
  });

  test("never throws when storage fails or a setting is invalid", async () => {
    const user = await newUser();
    const broken = interceptBindings(() => Promise.reject(new Error("down")));
    for (const overrides of [broken, { TOKEN_KEYS: "" }]) {
      const outcome = await call(managerOver({ ...overrides, MANAGEMENT_API: "on" }), user);
      expect(outcome).toEqual({ kind: "unavailable" });
    }
  });
});

test.each([undefined, null, {}, { actor: 7 }, { actor: "a b" }, { actor: "x".repeat(65) }])(
  "a caller without a fit name has none in the log: %j",
  async (props) => {
    const user = await newUser();
    const caller = managerOver({ ...WATCHING, MANAGEMENT_API: "on" }, props);
    done(await caller.endUserSessions({ id: user.id }));
    expect(watched.queue.at(-1)).not.toHaveProperty("actor_id");
    expect(await lastActorOf(user)).toBe("binding");
  },
);

test("the table of audit events names the binding's caller", async () => {
  const user = await newUser();
  const caller = managerOver({ MANAGEMENT_API: "on" }, { actor: "shop" });
  done(await caller.endUserSessions({ id: user.id }));
  expect(await lastActorOf(user)).toBe("binding:shop");
});

test("over RPC itself, the deployed default is off for every method", async () => {
  const user = await newUser();
  for (const call of Object.values(CALLS)) {
    expect(await call(exports.Management as unknown as Manager, user)).toEqual({ kind: "off" });
  }
});

test("what is too busy is no mistake of the service's own in the log", async () => {
  const user = await newUser();
  const busy = managerOver({ ...WATCHING, MANAGEMENT_API: "on", HASHES_IN_FLIGHT_MAX: 1 });
  const seen = watched.console.length;
  const held = holdDerivations();
  const first = busy.setPassword({ id: user.id }, "a long password");
  await eventually(() => held.waiting() === 1);
  const second = await busy.setPassword({ id: user.id }, "another password");
  expect(second).toEqual({ kind: "unavailable" });
  held.release();
  expect(await first).toMatchObject({ kind: "ok" });
  const lines = watched.console.slice(seen).map(({ words }) => JSON.parse(String(words)));
  const line = lines.find(({ outcome }) => outcome === "unavailable");
  expect(line).toMatchObject({ event: "manage", reason: "hashing_busy" });
  expect(line).not.toHaveProperty("failure");
});
