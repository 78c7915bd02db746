import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";
import { command } from "../support/commands.ts";
import {
  accessToken,
  application,
  asNewDot,
  djangoRecord,
  HOUR_AGO,
  IN_TEN_HOURS,
  refreshToken,
  sha256Hex,
  user,
} from "../support/django-dump.ts";
import { ownImport } from "../support/import-command.ts";
import { importedState, type Rows } from "../support/imported-state.ts";

const { execute, importFile, importRows, stateDir } = ownImport();

vi.stubEnv("IMPORTED_TOKENS", "on");

afterAll(() => vi.unstubAllEnvs());

beforeEach(() => {
  execute(
    "DELETE FROM users; DELETE FROM clients; DELETE FROM audit_events;" +
      "DELETE FROM imported_refresh_tokens; DELETE FROM imported_access_tokens;" +
      "DROP TRIGGER IF EXISTS doom",
  );
});

const state = (): Rows => importedState(stateDir);

const SITE = [
  accessToken(1),
  accessToken(2, { user: null, application: 2, scope: "read" }),
  refreshToken(1),
  user(1, "ada"),
  user(2, "bob", { is_active: false }),
  application(1, "shop"),
  application(2, "robot", { authorization_grant_type: "client-credentials" }),
  application(3, "app", { client_type: "public", client_secret: "" }),
];

describe.each([
  ["DOT 1.7: plain secrets and tokens", SITE],
  ["DOT 3.4: hashed secrets, token_checksum, token_family", SITE.map(asNewDot)],
])("cli import django of %s", (_, rows) => {
  test("imports users with their unchanged keys and hashes", async () => {
    expect((await importRows(rows))["users"]).toMatchObject({ taken: 2, refused: 0 });
    expect(state().users).toEqual([
      {
        id: "1",
        username: "ada",
        password_record: djangoRecord("ada-password"),
        is_active: 1,
        not_before_ms: 0,
      },
      expect.objectContaining({ id: "2", username: "bob", is_active: 0 }),
    ]);
  });

  test("imports clients with their grants, and no secret in plain text", async () => {
    expect((await importRows(rows))["clients"]).toMatchObject({ taken: 3, refused: 0 });
    const { clients } = state();
    expect(clients.map(({ secret_record, ...client }) => client)).toEqual([
      { ...CLIENT, client_id: "app", client_name: "The app", ...PUBLIC },
      { ...CLIENT, client_id: "robot", client_name: "The robot", grant_types: ROBOT },
      { ...CLIENT, client_id: "shop", client_name: "The shop" },
    ]);
    const secrets = await createPasswordKinds({
      passwordHashRounds: 1,
      passwordPepper: null,
      random: secureRandom,
      deriveLong: longPbkdf2,
    });
    const record = String(clients[2]?.["secret_record"]);
    expect(record).not.toContain("shop-secret");
    expect(await secrets.clientSecrets.check("shop-secret", [record])).toMatchObject({
      matched: record,
    });
    expect(clients[0]?.["secret_record"]).toBeNull();
  });

  test("imports live tokens under their hash, a refresh token with its scope", async () => {
    const report = await importRows(rows);
    expect(report["refresh_tokens"]).toMatchObject({ taken: 1, refused: 0 });
    expect(report["access_tokens"]).toMatchObject({ taken: 2, refused: 0 });
    const { refreshTokens, accessTokens } = state();
    const refresh = { client_id: "shop", user_id: "1", scope: "read write", is_consumed: 0 };
    expect(refreshTokens).toEqual([
      expect.objectContaining({ token_hash: sha256Hex("refresh-1"), ...refresh }),
    ]);
    const times = { issued_at_ms: Date.parse(HOUR_AGO), expires_at_ms: Date.parse(IN_TEN_HOURS) };
    expect(accessTokens).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          token_hash: sha256Hex("access-1"),
          refresh_token_hash: sha256Hex("refresh-1"),
          client_id: "shop",
          user_id: "1",
          scope: "read write",
          ...times,
        }),
        expect.objectContaining({
          token_hash: sha256Hex("access-2"),
          refresh_token_hash: null,
          client_id: "robot",
          user_id: null,
          scope: "read",
          ...times,
        }),
      ]),
    );
    const { imported_at_ms: from, expires_at_ms: until } = refreshTokens[0] ?? {};
    expect(Math.abs(Number(until) - Number(from) - 2_592_000_000)).toBeLessThan(60_000);
  });

  test("adds nothing when it runs again, not even an audit event", async () => {
    await importRows(rows);
    const before = state();
    const report = await importRows(rows);
    expect(report).toMatchObject({
      users: { taken: 0, changed: 0, unchanged: 2, refused: 0 },
      clients: { taken: 0, changed: 0, unchanged: 3, refused: 0 },
      refresh_tokens: { taken: 0, changed: 0, unchanged: 1, refused: 0 },
      access_tokens: { taken: 0, changed: 0, unchanged: 2, refused: 0 },
    });
    expect(state()).toEqual(before);
    expect(before.auditEvents).toEqual([{ action: "import_django", subject: "", fields: "" }]);
  });

  test("writes nothing in a dry run, and reports what it would import", async () => {
    const report = await importRows(rows, "--dry-run");
    expect(report).toMatchObject({ dry_run: true, users: { taken: 2 }, clients: { taken: 3 } });
    expect(report).toMatchObject({ refresh_tokens: { taken: 1 }, access_tokens: { taken: 2 } });
    const nothing = { users: [], clients: [], refreshTokens: [], accessTokens: [] };
    expect(state()).toEqual({ ...nothing, auditEvents: [] });
  });
});

const CLIENT = {
  token_endpoint_auth_method: "client_secret_basic",
  grant_types: "password refresh_token",
  scope: null,
  allowed_origins: "",
  not_before_ms: 0,
};
const PUBLIC = { token_endpoint_auth_method: "none" };
const ROBOT = "client_credentials";

describe("cli import django of other formats of a dump", () => {
  test.each([
    ["JSON Lines", SITE.map((row) => `${JSON.stringify(row)}\n`).join("")],
    ["gzip", gzipSync(JSON.stringify(SITE))],
    ["JSON Lines in gzip", gzipSync(SITE.map((row) => JSON.stringify(row)).join("\n"))],
    ["JSON with --indent and a byte order mark", `\uFEFF\n${JSON.stringify(SITE, null, 2)}\n`],
  ])("reads %s", async (_, content) => {
    const { code, stdout } = await importFile(content, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      users: { taken: 2 },
      clients: { taken: 3 },
      refresh_tokens: { taken: 1 },
      access_tokens: { taken: 2 },
    });
  });

  test("follows natural keys, and generates an id where the dump has none", async () => {
    const owners = { user: ["ada"], application: ["shop"] };
    const rows = [
      ...[accessToken(1, owners), refreshToken(1, owners)],
      ...[user(1, "ada"), application(1, "shop", { user: ["ada"] })].map(({ pk, ...row }) => row),
    ];
    const report = await importRows(rows);
    expect(report).toMatchObject({ users: { changed: 1 }, clients: { taken: 1 } });
    const [ada] = state().users;
    expect(ada?.["id"]).toMatch(/^[\da-f-]{36}$/);
    expect(state().refreshTokens).toEqual([
      expect.objectContaining({ user_id: ada?.["id"], client_id: "shop" }),
    ]);
    expect(await importRows(rows)).toMatchObject({ users: { unchanged: 1 } });
    expect(state().users).toHaveLength(1);
  });

  test("imports a project's own models, and keys longer than a double", async () => {
    const key = "0d9f1c4e-6f3b-4a53-9f83-4d9c2f1b7a10";
    const { username, ...fields } = user(1, "ada").fields;
    const own = {
      "auth.user": "accounts.member",
      "oauth2_provider.application": "accounts.client",
      "oauth2_provider.accesstoken": "accounts.access",
      "oauth2_provider.refreshtoken": "accounts.refresh",
    };
    const rows = [
      { model: "auth.user", pk: key, fields },
      application(1, "shop", { user: key }),
      accessToken(1, { user: key }),
      refreshToken(1, { user: key }),
    ].map((row) => ({ ...row, model: own[row.model as keyof typeof own] }));
    const text = JSON.stringify(rows).replaceAll(
      '"application":1',
      '"application":12345678901234567890',
    );
    const content = text.replace('client","pk":1', 'client","pk":12345678901234567890');
    const words = ["--user-model", "accounts.Member", "--username-field", "email"];
    const models = [
      ...["--application-model", "accounts.Client"],
      ...["--access-token-model", "accounts.Access"],
      ...["--refresh-token-model", "accounts.Refresh"],
    ];
    const { code } = await importFile(content, ...words, ...models);
    expect(code).toBe(0);
    expect(state().users).toMatchObject([{ id: key, username: "ada@example.com" }]);
    expect(state().refreshTokens).toMatchObject([{ user_id: key, client_id: "shop" }]);
    expect(state().accessTokens).toMatchObject([{ user_id: key, client_id: "shop" }]);
  });
});

describe("cli import django into existing data", () => {
  test("does not change existing users and clients", async () => {
    await importRows([user(1, "ada"), application(1, "shop")]);
    execute("UPDATE users SET password_record = 'newer'; UPDATE clients SET client_name = 'Mine'");
    await importRows([user(1, "ada", { is_active: false }), application(1, "shop")]);
    expect(state()).toMatchObject({
      users: [{ password_record: "newer", is_active: 1 }],
      clients: [{ client_name: "Mine" }],
    });
  });

  test("never revives what was ended or used here since", async () => {
    await importRows(SITE);
    await command(["user", "revoke", "ada", "--persist-to", stateDir]);
    execute("DELETE FROM imported_refresh_tokens; DELETE FROM imported_access_tokens");
    const again = await importRows(SITE);
    expect(again["refresh_tokens"]).toMatchObject({ taken: 0, refused: 1 });
    expect(again["access_tokens"]).toMatchObject({ taken: 1, refused: 1 });
  });

  test("skips an access token whose refresh token is used", async () => {
    await importRows(SITE);
    execute("UPDATE imported_refresh_tokens SET is_consumed = 1, expires_at_ms = 1");
    execute("DELETE FROM imported_access_tokens");
    const again = await importRows(SITE);
    expect(again["refresh_tokens"]).toMatchObject({ taken: 0, unchanged: 1 });
    expect(state().accessTokens).toMatchObject([{ token_hash: sha256Hex("access-2") }]);
  });

  test("imports the tokens of a client and user that were created here by hand", async () => {
    await command(["client", "create", "shop", "--persist-to", stateDir]);
    const id = ["--without-password", "--persist-to", stateDir];
    await command(["user", "create", "ada", ...id]);
    execute("UPDATE users SET id = '1' WHERE username = 'ada'");
    expect(await importRows(SITE)).toMatchObject({ refresh_tokens: { taken: 1 } });
  });

  test("warns of password hashes that take longer to verify than a failed login is delayed", async () => {
    const password = `pbkdf2_sha256$1200000$salt$${"A".repeat(43)}=`;
    const rows = [user(1, "ada"), user(2, "bob", { password })];
    const warning = expect.stringMatching(
      /^password hashes of up to 1200000 .*_SECONDS_MIN to at least 4/,
    );
    expect(await importRows(rows)).toMatchObject({ users: { taken: 2 }, warnings: [warning] });
    expect(await importRows(rows)).toMatchObject({ users: { unchanged: 2 }, warnings: [] });
  });

  test("removes imported tokens that have expired", async () => {
    await importRows(SITE);
    execute("UPDATE imported_access_tokens SET token_hash = token_hash || 'x', expires_at_ms = 1");
    expect(await importRows([user(1, "ada")])).toMatchObject({ expired_removed: 2 });
    expect(state().accessTokens).toEqual([]);
  });

  test("adds the rest after an interruption, and says so", async () => {
    execute(
      "CREATE TRIGGER doom BEFORE INSERT ON imported_refresh_tokens " +
        "BEGIN SELECT RAISE(ABORT, 'doomed'); END",
    );
    const { code, stdout, stderr } = await importFile(JSON.stringify(SITE));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^Import interrupted\. .*run the same command again.*\nd1\.import_tokens failed: /,
    );
    expect(state()).toMatchObject({ users: [{}, {}], refreshTokens: [], accessTokens: [] });
    expect(state().auditEvents).toHaveLength(1);
    execute("DROP TRIGGER doom");
    expect(await importRows(SITE)).toMatchObject({
      users: { unchanged: 2 },
      refresh_tokens: { taken: 1 },
      access_tokens: { taken: 2 },
    });
  });
});
