import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { foldNames } from "../../src/storage/fold-names.ts";
import { ask, basic, logIn, refresh } from "../support/requests.ts";
import { success, UNAVAILABLE, type WholeAnswer, whole } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const { TEST_MIGRATIONS } = env as Env & { TEST_MIGRATIONS: D1Migration[] };
const service = createService();

type Row = Record<string, string | number | null>;

/** The default client and user as the service itself stores them; they can log in. */
let client: Row = {};
let user: Row = {};

/** Tokens for a refresh and an introspection, issued before the tables are dropped. */
let tokens: { access_token: string; refresh_token: string };

beforeAll(async () => {
  await registerDefaults(service);
  tokens = await logIn(service);
  client = (await rowsOf("clients")).find((row) => row["client_id"] === "client") ?? {};
  user = (await rowsOf("users"))[0] ?? {};
});

beforeEach(dropEverything);

async function dropEverything(): Promise<void> {
  const tables = await env.DB.prepare(
    `SELECT name FROM sqlite_schema
     WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'`,
  ).all<{ name: string }>();
  if (tables.results.length === 0) return;
  await env.DB.batch(tables.results.map(({ name }) => env.DB.prepare(`DROP TABLE "${name}"`)));
}

/** Applies the pending migrations up to the one with this number. */
function migrateTo(number: number): Promise<void> {
  return applyD1Migrations(env.DB, TEST_MIGRATIONS.slice(0, number));
}

async function rowsOf(table: string): Promise<Row[]> {
  return (await env.DB.prepare(`SELECT * FROM ${table} ORDER BY 1`).all<Row>()).results;
}

async function columnsOf(table: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
  return results.map(({ name }) => name);
}

/** Writes a client without the columns that a later migration adds. */
async function insertKnown(row: Row): Promise<void> {
  const columns = await columnsOf("clients");
  const known = Object.entries(row).filter(([name]) => columns.includes(name));
  await insert("clients", Object.fromEntries(known));
}

/** Writes a row as the commands and the Worker do: the statement names its columns. */
async function insert(table: string, row: Row): Promise<void> {
  const places = Object.keys(row).map(() => "?");
  const statement = `INSERT INTO ${table} (${Object.keys(row)}) VALUES (${places})`;
  await env.DB.prepare(statement)
    .bind(...Object.values(row))
    .run();
}

// D1's query endpoint, to which `wrangler d1 migrations apply --remote` sends a migration, cuts a
// trigger at the first `;` of its body and fails. A local database, as in these tests, does not.
test("no migration has a trigger", () => {
  const queries = TEST_MIGRATIONS.flatMap((migration) => migration.queries);
  expect(queries.length).toBeGreaterThan(TEST_MIGRATIONS.length);
  expect(queries.filter((query) => /\btrigger\b/i.test(query.replace(/--.*/g, "")))).toEqual([]);
});

describe("0002", () => {
  /** Every column of 0001, none with its default. */
  const oldClient = () => ({
    client_id: "client",
    client_name: "Shop",
    token_endpoint_auth_method: "client_secret_post",
    secret_record: client["secret_record"] ?? null,
    previous_secret_record: "a previous record",
    previous_secret_ends_at_ms: 1_700_000_000_001,
    grant_types: "password refresh_token",
    scope: "read write",
    default_scope: "read",
    allowed_origins: "https://shop.example.com https://other.example.com",
    access_token_format: "opaque",
    access_token_ttl_seconds: 1801,
    refresh_idle_ttl_seconds: 86_402,
    refresh_absolute_ttl_seconds: 172_803,
    disabled: 0,
    not_before_ms: 1_700_000_000_002,
    created_at_ms: 1_700_000_000_003,
  });
  const barestClient = {
    ...{ client_id: "bare", token_endpoint_auth_method: "none", grant_types: "" },
    ...{ disabled: 1, not_before_ms: 4, created_at_ms: 5 },
  };
  const oldUser = () => ({
    id: "an id",
    username: LOGIN.username,
    password_record: user["password_record"] ?? null,
    is_active: 1,
    not_before_ms: 1_700_000_000_006,
    created_at_ms: 1_700_000_000_007,
  });
  const inactiveUser = () => ({ ...oldUser(), id: "other", username: "bob", is_active: 0 });

  /** A database before 0002. */
  async function makeOldDatabase(): Promise<void> {
    await migrateTo(1);
    expect(Object.keys(oldClient()).sort()).toEqual((await columnsOf("clients")).sort());
    expect(Object.keys(oldUser()).sort()).toEqual((await columnsOf("users")).sort());
    await insert("clients", oldClient());
    await insert("clients", barestClient);
    await insert("users", oldUser());
    await insert("users", inactiveUser());
  }

  test("keeps every column of every row, and sets the new ones to their defaults", async () => {
    await makeOldDatabase();
    const [bare, full] = await rowsOf("clients");
    const users = await rowsOf("users");
    expect(full).toEqual(oldClient());
    await migrateTo(2);
    const added = { jwks: null, audience: "", claims: "{}" };
    expect(await rowsOf("clients")).toEqual([
      { ...bare, ...added },
      { ...full, ...added },
    ]);
    expect(await rowsOf("users")).toEqual(users.map((one) => ({ ...one, claims: "{}" })));
    expect(await rowsOf("revoked_access_tokens")).toEqual([]);
  });

  test("changes nothing when it is applied again", async () => {
    await makeOldDatabase();
    await migrateTo(2);
    const before = await rowsOf("clients");
    await migrateTo(2);
    expect(await rowsOf("clients")).toEqual(before);
  });

  test("does not change an existing client and user for callers", async () => {
    await makeOldDatabase();
    await migrateTo(2);
    // The service needs the later ones too, which change neither table.
    await migrateTo(TEST_MIGRATIONS.length);
    const login = await ask(service, LOGIN);
    expect(login).toEqual(success("read", 1801));
    const { refresh_token } = login.body as { refresh_token: string };
    expect(await refresh(service, refresh_token)).toEqual(success("read", 1801));
    expect(await ask(service, LOGIN, "bare:")).toMatchObject({ status: 401 });
    expect(await ask(service, { ...LOGIN, username: "bob" })).toMatchObject({ status: 400 });
  });

  test("accepts what the previous Worker and commands write", async () => {
    await migrateTo(2);
    const { not_before_ms: _, created_at_ms: __, ...clientFields } = oldClient();
    await insert("clients", clientFields);
    const { id, username, is_active } = oldUser();
    await insert("users", { id, username, password_record: "a slower record", is_active });
    await env.DB.prepare(
      "UPDATE users SET password_record = ? WHERE id = ? AND password_record = ?",
    )
      .bind(user["password_record"], id, "a slower record")
      .run();
    await migrateTo(TEST_MIGRATIONS.length);
    expect(await ask(service, LOGIN)).toEqual(success("read", 1801));
  });

  test("supports a preflight's query of clients by an index", async () => {
    await migrateTo(2);
    const plan = await env.DB.prepare(
      "EXPLAIN QUERY PLAN SELECT 1 FROM clients WHERE allowed_origins <> ''",
    ).all<{ detail: string }>();
    expect(plan.results[0]?.detail).toContain("clients_with_origins");
  });
});

describe("0005", () => {
  const keysOf = async () => {
    const rows = await rowsOf("users");
    return rows.map((row) => [row["username"], row["username_key"], row["unlocked_at_ms"]]);
  };

  test("folds the names that SQL can fold; the command folds the others", async () => {
    await migrateTo(4);
    for (const username of ["Ada", "Zo\u00eb", "b o-b_1"]) {
      await insert("users", { id: username, username, password_record: "!" });
    }
    await migrateTo(5);
    expect(await keysOf()).toEqual([
      ["Ada", "ada", 0],
      ["Zo\u00eb", null, 0],
      ["b o-b_1", "b o-b_1", 0],
    ]);
    expect(await foldNames(env.DB)).toEqual({ folded: 1, collisions: [] });
    expect((await keysOf())[1]).toEqual(["Zo\u00eb", "zo\u00eb", 0]);
  });

  test("accepts what the previous Worker writes", async () => {
    await migrateTo(TEST_MIGRATIONS.length);
    await insert("users", { id: "late", username: "Late", password_record: "!" });
    expect(await keysOf()).toEqual([["Late", null, 0]]);
  });
});

describe("0006", () => {
  const PAGE = "https://page.example.com";
  const SECOND = "capacitor://localhost";
  const origins = async () => {
    return (await rowsOf("client_origins")).map((row) => `${row["client_id"]} ${row["origin"]}`);
  };
  const clientWith = (client_id: string, allowed_origins: string, disabled = 0) => {
    return insertKnown({ ...client, client_id, allowed_origins, disabled });
  };

  test("copies the origins of every client that is not disabled", async () => {
    await migrateTo(5);
    await clientWith("one", `${PAGE} ${SECOND} ${PAGE}`);
    await clientWith("two", PAGE);
    await clientWith("none", "");
    await clientWith("off", "https://off.example.com", 1);
    await clientWith("quoted", '"\\');
    await migrateTo(6);
    const all = ['quoted "\\', `one ${SECOND}`, `one ${PAGE}`, `two ${PAGE}`];
    expect(await origins()).toEqual(all);
  });
});

test("0008 gives existing events no actor, and accepts events of the previous Worker", async () => {
  await migrateTo(7);
  const event = { action: "user_created", subject: "ada", fields: "", ended_sessions: 0 };
  const insertEvent = () => insert("audit_events", event);
  await insertEvent();
  await migrateTo(8);
  await insertEvent();
  expect((await rowsOf("audit_events")).map((row) => row["actor"])).toEqual(["", ""]);
});

test("0009 keeps each existing login as a session, and accepts the previous Worker's", async () => {
  await migrateTo(8);
  const session = { user_id: "user", client_id: "client", label: "", created_at_ms: 1 };
  const insertSession = (family_id: string) => {
    return insert("sessions", {
      ...{ ...session, family_id, last_refreshed_at_ms: 1, needed_until_ms: 2 },
    });
  };
  await insertSession("before");
  await migrateTo(9);
  await insertSession("during");
  expect((await rowsOf("sessions")).map((row) => row["session_id"])).toEqual([null, null]);
});

describe("a database that lacks migrations is an outage, and the log says what is missing", () => {
  const log = vi.fn();
  beforeEach(() => {
    log.mockReset();
    vi.spyOn(console, "error").mockImplementation(log);
  });
  afterEach(() => vi.restoreAllMocks());

  const askAbout = async (path: string): Promise<WholeAnswer> => {
    const body = new URLSearchParams({ token: tokens.access_token });
    return whole(await service.fetch(path, { method: "POST", headers: basic(CLIENT), body }));
  };
  const requests: [name: string, request: () => Promise<WholeAnswer>][] = [
    ["password", () => ask(service, LOGIN)],
    ["refresh_token", () => refresh(service, tokens.refresh_token)],
    ["client_credentials", () => ask(service, { grant_type: "client_credentials" })],
    ["introspection", () => askAbout("/o/introspect/")],
    ["revocation", () => askAbout("/o/revoke_token/")],
  ];

  describe.each([
    [0, /no such table: (?:clients|users|sessions)/],
    [1, /no such (?:column|table): \w+/],
  ])("with %d migrations", (number, reason) => {
    test.each(requests)("for %s", async (_, request) => {
      await migrateTo(number);
      if (number > 0) await insertOld();
      expect(await request()).toEqual(UNAVAILABLE);
      expect(log).toHaveBeenCalledOnce();
      expect(log.mock.calls[0]?.[0]).toMatch(reason);
      for (const word of [tokens.access_token, tokens.refresh_token, LOGIN.password]) {
        expect(log.mock.calls[0]?.[0]).not.toContain(word);
      }
    });
  });

  /** The default client and user, in the columns of 0001. */
  async function insertOld(): Promise<void> {
    for (const [table, row] of [["clients", client] as const, ["users", user] as const]) {
      const columns = await columnsOf(table);
      const kept = Object.entries(row).filter(([column]) => columns.includes(column));
      await insert(table, Object.fromEntries(kept));
    }
  }
});
