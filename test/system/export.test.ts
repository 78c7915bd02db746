import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askServer, refreshAt } from "../support/ask-server.ts";
import { command } from "../support/commands.ts";
import { openLocalDatabase, readRegistry } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { cli } from "../support/processes.ts";
import { applyEntries } from "../support/registry-files.ts";
import { type Server, startServer } from "../support/server.ts";

const dir = ownDir();
const file = join(dir, "export.json");
const CLIENT_SECRET = "first-client-secret";
const PASSWORD = "correct horse";
/** The characters of a variable, escaped: export must escape such a value. */
const placeholder = `$$${"{"}NOT_A_VARIABLE}`;

const from = ownState();
const to = ownState();
let newSecret = "";
let exported = "";

const clients = [
  { client_id: "shop", client_secret: CLIENT_SECRET, client_name: `Shop ${placeholder}` },
  {
    client_id: "app",
    token_endpoint_auth_method: "none",
    scope: "read write",
    default_scope: "read",
    audience: ["https://api.example.com"],
    claims: { tenant: "acme", nested: [placeholder, 1, null] },
    allowed_origins: ["https://app.example.com"],
    access_token_format: "jwt",
    access_token_ttl_seconds: 60,
    refresh_idle_ttl_seconds: 120,
    refresh_absolute_ttl_seconds: 180,
    disabled: true,
  },
  {
    client_id: "keys",
    token_endpoint_auth_method: "private_key_jwt",
    jwks: {
      keys: [{ kty: "OKP", crv: "Ed25519", x: "zFpzQH-7h9Bp28kVgC8met6kHxocC0xhyXNPdelUmcI" }],
    },
  },
];
const users = [
  { username: "ada", password: PASSWORD, claims: { role: "admin" } },
  { username: "quiet", is_active: false },
];
/** More than one page of reads. */
const many = Array.from({ length: 501 }, (_, index) => ({ username: `many-${index}` }));

beforeAll(async () => {
  await applyEntries(from, { clients, users: [...users, ...many] });
  const rotate = ["client", "rotate-secret", "shop", "--old-ends", "7d", "--json"];
  const { stdout } = await command([...rotate, "--persist-to", from]);
  newSecret = JSON.parse(stdout).client_secret;
  const ended = await cli("export", "--persist-to", from);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
  exported = ended.stdout;
  writeFileSync(file, exported);
});

/** All columns except two of the database itself. */
function decided(stateDir: string): Record<string, unknown>[] {
  return readRegistry(stateDir).map(({ not_before_ms: _, created_at_ms: __, ...row }) => row);
}

test("an export has every client and user, and no secret", () => {
  const parsed = JSON.parse(exported);
  expect(parsed.clients).toHaveLength(clients.length);
  expect(parsed.users).toHaveLength(users.length + many.length);
  for (const secret of [CLIENT_SECRET, newSecret, PASSWORD]) expect(exported).not.toContain(secret);
});

test("an export of an empty database is a valid file", async () => {
  const { stdout } = await command(["export", "--persist-to", to]);
  expect(stdout).toBe('{\n  "clients": [],\n  "users": []\n}\n');
});

describe("an export applied to an empty database", () => {
  let server: Server;

  beforeAll(async () => {
    const words = ["apply", "-", "--persist-to", to];
    const applied = await command(words, { input: exported });
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(applied.stdout).toMatch(/\n506 created, 0 updated, 0 unchanged\n$/);
  });
  afterAll(() => server?.kill());

  test("gives the same rows", () => {
    expect(decided(to)).toEqual(decided(from));
  });

  test("changes nothing in its source, and nothing the second time", async () => {
    for (const stateDir of [from, to]) {
      const { stdout } = await command(["apply", file, "--persist-to", stateDir]);
      expect(stdout).toMatch(/\n0 created, 0 updated, 506 unchanged\n$/);
    }
  });

  test("exports the same again", async () => {
    const { stdout } = await command(["export", "--persist-to", to, "--json"]);
    expect(stdout).toBe(exported);
  });

  test("allows the same logins, with either secret of the client", async () => {
    server = await startServer({ stateDir: to });
    const login = { grant_type: "password", username: "ada", password: PASSWORD };
    for (const secret of [CLIENT_SECRET, newSecret]) {
      const session = await askServer(server.url, login, `shop:${secret}`);
      expect(session.status).toBe(200);
      expect((await refreshAt(server.url, session, `shop:${secret}`)).status).toBe(200);
    }
  });
});

test("an export that fails half-way says so, and its output cannot be applied", async () => {
  const database = openLocalDatabase(from);
  database.exec("ALTER TABLE users RENAME TO users_away");
  const { code, stdout, stderr } = await command(["export", "--persist-to", from]);
  database.exec("ALTER TABLE users_away RENAME TO users");
  database.close();
  expect(code).toBe(1);
  expect(stderr).toContain("no tables yet");
  expect(() => JSON.parse(stdout)).toThrow();
});
