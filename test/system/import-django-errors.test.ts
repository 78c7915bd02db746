import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { command } from "../support/commands.ts";
import {
  accessToken,
  application,
  type DumpRow,
  refreshToken,
  user,
} from "../support/django-dump.ts";
import { ownImport } from "../support/import-command.ts";
import { importedState } from "../support/imported-state.ts";

const { file, importFile, stateDir } = ownImport();

afterEach(() => {
  vi.unstubAllEnvs();
});
const NOTHING = { users: [], clients: [], refreshTokens: [], accessTokens: [], auditEvents: [] };
const whole = JSON.stringify([user(1, "ada"), application(1, "shop")]);

describe("cli import django writes nothing", () => {
  test.each([
    ["an empty file", "", "invalid or truncated JSON at the start: empty"],
    ["a file that is no JSON", "SELECT 1;", "at the start: no JSON"],
    ["a truncated dump", whole.slice(0, -9), "invalid or truncated JSON after record 1"],
    ["truncated gzip", gzipSync(whole).subarray(0, 90), "invalid or truncated JSON"],
    ["a file that is not UTF-8", Buffer.from([0x5b, 0xff, 0x5d]), "invalid or truncated JSON"],
    ["rows of something else", '[{"id": 1}]', "record 1 is not a row of manage.py dumpdata"],
    ["an empty dump", "[]", "the dump has no auth.user; see --user-model. It contains: nothing"],
  ])("of %s", async (_, content, problem) => {
    const { code, stdout, stderr } = await importFile(content);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${file}: `);
    expect(stderr).toContain(problem);
    expect(importedState(stateDir)).toEqual(NOTHING);
  });

  test("of a dump whose users are of another model, and names the models", async () => {
    const { code, stderr } = await importFile(whole, "--user-model", "accounts.Member");
    expect(code).toBe(2);
    expect(stderr).toContain("the dump has no accounts.member; see --user-model. ");
    expect(stderr).toContain("It contains: auth.user (1), oauth2_provider.application (1)\n");
    expect(importedState(stateDir)).toEqual(NOTHING);
  });

  test("of a dump whose users lack the field of the name, and names the fields", async () => {
    const { code, stderr } = await importFile(whole, "--username-field", "login");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /no auth\.user has the field login; see --username-field\. Its fields: /,
    );
    expect(stderr).toContain("username");
    expect(importedState(stateDir)).toEqual(NOTHING);
  });

  test("while imported tokens are not accepted, and names the fix", async () => {
    const rows = [user(1, "ada"), application(1, "shop"), accessToken(1), refreshToken(1)];
    const { code, stderr } = await importFile(JSON.stringify(rows));
    expect(code).toBe(2);
    expect(stderr).toContain("2 live tokens, but IMPORTED_TOKENS is off");
    expect(stderr).toContain("--without-tokens");
    expect(importedState(stateDir)).toEqual(NOTHING);
  });

  test.each([
    ["--user-model", "User"],
    ["--application-model", "a.b.C"],
  ])("of %s %s", async (option, value) => {
    const { code, stderr } = await importFile(whole, option, value);
    expect(code).toBe(2);
    expect(stderr).toContain("It must be APP.MODEL, such as auth.User.");
  });

  test("of a file that does not exist", async () => {
    const { code, stderr } = await command(["import", "django", "none.json"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/none\.json: .*no such file/);
  });
});

const GONE = "2020-01-01T00:00:00Z";
const NEW_RULES = "pbkdf2_sha1$1000$salt$hash";

/** Rows with one problem each, and two valid ones. */
const INVALID_ROWS: readonly DumpRow[] = [
  user(1, "ada"),
  application(1, "shop"),
  { model: "auth.group", pk: 1, fields: { name: "staff" } },
  user(2, ""),
  user(3, "ada"),
  user(4, "four", { username: null }),
  user(5, "sha", { password: NEW_RULES }),
  user(6, "none", { password: "!unusable" }),
  user(7, "argon", { password: "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA" }),
  user(8, "asleep", { is_active: false }),
  application(2, "caf\u00e9"),
  application(3, "argon-app", { client_secret: "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFz" }),
  application(4, "empty", { client_secret: "" }),
  application(5, "web", { authorization_grant_type: "implicit" }),
  application(6, "open", { client_type: "public", authorization_grant_type: "client-credentials" }),
  application(7, "spa", {
    client_type: "public",
    allowed_origins: "https://a.example https://*.b",
  }),
  accessToken(1, { scope: "read photos" }),
  refreshToken(1),
  accessToken(2, { expires: GONE }),
  refreshToken(3, { revoked: GONE, access_token: null }),
  refreshToken(4, { access_token: 99 }),
  accessToken(5, { user: 77 }),
  accessToken(6, { user: 3 }),
  accessToken(7, { user: 8 }),
  accessToken(8, { application: 77 }),
  accessToken(9, { application: 2 }),
  accessToken(10, { token: "caf\u00e9" }),
  accessToken(11, { scope: 'a"b' }),
  accessToken(12, { expires: "soon" }),
  accessToken(13, { resource: '["https://api.example.com"]' }),
];

const REASONS = [
  "users refused username: is empty: 2",
  "users refused duplicate name in the dump: ada",
  "users refused no text in the field username: 4",
  "users changed hashed with pbkdf2_sha1, which is not supported: kept for a login through the " +
    "old server: sha",
  "users changed hashed with argon2, which is not supported: kept for a login through the old " +
    "server: argon",
  "clients refused client_id: has a character other than printable ASCII: caf\u00e9",
  "clients refused client_secret: hashed with argon2, which is not supported; create the client " +
    "with `client create`: argon-app",
  "clients changed client_secret: is empty: imported as a public client: empty",
  "clients refused implicit is not supported: change the application to authorization-code with " +
    "PKCE in Django, or create the client with `client create`: web",
  "clients changed public, but always needs its secret: imported as confidential: open",
  "clients changed allowed_origins: skipped values that are not origins such as " +
    "https://app.example.com: spa",
  "access_tokens refused expired, or expires within a minute: 2",
  "refresh_tokens refused revoked on the old server: 3",
  "refresh_tokens refused its access token, which has the scope, is not in the dump: 4",
  "access_tokens refused its user is not in the dump: 5",
  "access_tokens refused its user was not imported: 6",
  "access_tokens refused its user is inactive: 7",
  "access_tokens refused its client is not in the dump: 8",
  "access_tokens refused its client was not imported: 9",
  "access_tokens refused no token of printable ASCII: 10",
  "access_tokens refused invalid scope: 11",
  "access_tokens refused no expiry: 12",
  "access_tokens refused restricted to some APIs, which imported tokens do not support: 13",
];

interface Reason {
  kind: string;
  outcome: string;
  reason: string;
  count: number;
  examples: string[];
}

describe("cli import django of invalid rows", () => {
  test("imports the rest, and reports each rejection and change with reason and names", async () => {
    vi.stubEnv("IMPORTED_TOKENS", "on");
    const { code, stdout } = await importFile(JSON.stringify(INVALID_ROWS), "--json");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    const reasons = report.reasons.map(({ kind, outcome, reason, examples }: Reason) => {
      return `${kind} ${outcome} ${reason}: ${examples.join(" ")}`;
    });
    expect(reasons.sort()).toEqual([...REASONS].sort());
    expect(report).toMatchObject({
      users: { taken: 3, changed: 2, unchanged: 0, refused: 3 },
      clients: { taken: 1, changed: 3, unchanged: 0, refused: 3 },
      refresh_tokens: { taken: 1, refused: 2 },
      access_tokens: { taken: 1, refused: 10 },
      ignored_models: { "auth.group": 1 },
      warnings: [
        expect.stringMatching(/^\d confidential clients can introspect only their own tokens/),
        "SCOPES does not contain photos, which 1 of the live sessions and tokens have",
      ],
    });
    const { users, clients } = importedState(stateDir);
    const records = new Map(users.map((row) => [row["username"], row["password_record"]]));
    expect(records.get("sha")).toBe(NEW_RULES);
    expect(records.get("none")).toBe("!unusable");
    expect(clients.map((row) => row["client_id"])).not.toContain("web");
    expect(clients).toContainEqual(
      expect.objectContaining({ allowed_origins: "https://a.example" }),
    );
  });

  test("prints tables for people, and no token, secret or hash", async () => {
    vi.stubEnv("IMPORTED_TOKENS", "on");
    const { stdout } = await importFile(JSON.stringify(INVALID_ROWS), "--dry-run");
    expect(stdout).toMatch(/^ +TAKEN +CHANGED +UNCHANGED +REFUSED\nusers +0 +0 +5 +3\n/);
    expect(stdout).toMatch(/^access tokens +refused +1 +its user is inactive +7$/m);
    expect(stdout).toContain(
      "\nmodels not imported: auth.group (1)\ndry run: nothing was written\n",
    );
    for (const secret of ["access-", "refresh-", "-secret", "pbkdf2_sha256", "$"]) {
      expect(stdout).not.toContain(secret);
    }
  });

  test("imports no tokens with --without-tokens", async () => {
    const { code, stdout } = await importFile(
      JSON.stringify(INVALID_ROWS),
      "--without-tokens",
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      refresh_tokens: { taken: 0, unchanged: 0, refused: 0 },
      access_tokens: { taken: 0, unchanged: 0, refused: 0 },
      ignored_models: { "oauth2_provider.accesstoken": 11, "oauth2_provider.refreshtoken": 3 },
    });
  });
});
