import { writeFileSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { command } from "../support/commands.ts";
import {
  accessToken,
  application,
  asNewDot,
  type DumpRow,
  HOUR_AGO,
  refreshToken,
  sha256Hex,
  user,
} from "../support/django-dump.ts";
import { ownImport } from "../support/import-command.ts";
import { importedState } from "../support/imported-state.ts";

const { execute, file, importRows, stateDir } = ownImport();

vi.stubEnv("IMPORTED_TOKENS", "on");

afterAll(() => vi.unstubAllEnvs());

beforeEach(async () => {
  execute(
    "DELETE FROM users; DELETE FROM clients; DELETE FROM audit_events;" +
      "DELETE FROM deleted_accounts;" +
      "DELETE FROM imported_refresh_tokens; DELETE FROM imported_access_tokens",
  );
  await importRows(SITE);
});

/** The state of the refresh tokens here, by their number in the dump. */
function refreshTokensHere(): Record<string, string> {
  const rows = importedState(stateDir).refreshTokens.map((row) => {
    const { token_hash, is_consumed, expires_at_ms } = row;
    const isGood = is_consumed === 0 && Number(expires_at_ms) > Date.now();
    const isEnded = is_consumed === 1 && expires_at_ms === 0;
    return [nameOf(token_hash), isGood ? "good" : isEnded ? "ended" : "used"];
  });
  return Object.fromEntries(rows);
}

function accessTokensHere(): string[] {
  return importedState(stateDir)
    .accessTokens.map(({ token_hash }) => nameOf(token_hash))
    .sort();
}

const NAMES = [1, 2, 3, 4].flatMap((pk) => [`access-${pk}`, `refresh-${pk}`]);

function nameOf(hash: unknown): string {
  return NAMES.find((name) => sha256Hex(name) === hash) ?? "another";
}

const ACCOUNTS = [user(1, "ada"), user(2, "bob"), application(1, "shop")];
const BOBS = { user: 2 };
const SITE = [
  ...[refreshToken(1), accessToken(1), refreshToken(2), accessToken(2)],
  ...[refreshToken(3, BOBS), accessToken(3, BOBS), accessToken(4, BOBS)],
  ...ACCOUNTS,
];
const REVOKED = { revoked: HOUR_AGO, access_token: null };
const bobIs = (is_active: boolean) => user(2, "bob", { is_active });

const ALL_GOOD = { "refresh-1": "good", "refresh-2": "good", "refresh-3": "good" };
const ALL_ACCESS = ["access-1", "access-2", "access-3", "access-4"];

describe.each([
  ["DOT 1.7", (row: DumpRow) => row],
  ["DOT 3.4", asNewDot],
])("a second import of a site of %s", (_, dumped) => {
  test("ends a token that the old server has revoked since, with its access token", async () => {
    const rows = [refreshToken(1, REVOKED), ...ACCOUNTS].map(dumped);
    expect(await importRows(rows)).toMatchObject({ revoked_ended: 2 });
    expect(refreshTokensHere()).toEqual({ ...ALL_GOOD, "refresh-1": "ended" });
    expect(accessTokensHere()).toEqual(["access-2", "access-3", "access-4"]);
  });

  test("ends every token of a user whom the old server has deactivated since", async () => {
    const others = SITE.filter(({ model }) => model !== "auth.user");
    const report = await importRows([...others, user(1, "ada"), bobIs(false)].map(dumped));
    expect(report).toMatchObject({ revoked_ended: 3, refresh_tokens: { refused: 1 } });
    expect(report.reasons).toContainEqual({
      kind: "users",
      outcome: "unchanged",
      reason: "inactive in the dump, active here",
      count: 1,
      examples: ["bob"],
    });
    expect(refreshTokensHere()).toEqual({ ...ALL_GOOD, "refresh-3": "ended" });
    expect(accessTokensHere()).toEqual(["access-1", "access-2"]);
    expect(importedState(stateDir).users).toMatchObject([{ is_active: 1 }, { is_active: 1 }]);
  });
});

describe("a second import", () => {
  test("never revives what the first one ended, not even from the older dump", async () => {
    await importRows([refreshToken(1, REVOKED), ...ACCOUNTS]);
    const again = await importRows(SITE);
    expect(again).toMatchObject({ refresh_tokens: { taken: 0 }, access_tokens: { taken: 0 } });
    expect(refreshTokensHere()).toEqual({ ...ALL_GOOD, "refresh-1": "ended" });
    expect(accessTokensHere()).toEqual(["access-2", "access-3", "access-4"]);
  });

  test("ends no token that is only missing from the dump", async () => {
    expect(await importRows(ACCOUNTS)).toMatchObject({ revoked_ended: 0 });
    expect(refreshTokensHere()).toEqual(ALL_GOOD);
    expect(accessTokensHere()).toEqual(ALL_ACCESS);
  });

  test("does not change a token that was used here, though the old server revoked it", async () => {
    const hash = sha256Hex("refresh-1");
    execute(`UPDATE imported_refresh_tokens SET is_consumed = 1 WHERE token_hash = '${hash}';
      DELETE FROM imported_access_tokens WHERE refresh_token_hash = '${hash}'`);
    const before = importedState(stateDir);
    const report = await importRows([refreshToken(1, REVOKED), ...ACCOUNTS]);
    expect(report).toMatchObject({ revoked_ended: 0 });
    expect(importedState(stateDir)).toEqual(before);
  });

  test("does not change the tokens of a user who is disabled only here", async () => {
    execute("UPDATE users SET is_active = 0 WHERE username = 'bob'");
    const report = await importRows(SITE);
    expect(report).toMatchObject({ revoked_ended: 0, refresh_tokens: { refused: 1 } });
    expect(report.reasons).toContainEqual(
      expect.objectContaining({ kind: "refresh_tokens", reason: "its user is disabled here" }),
    );
    expect(refreshTokensHere()).toEqual(ALL_GOOD);
  });

  test("ends the tokens of an inactive user whom it now rejects", async () => {
    const others = SITE.filter(({ model }) => model !== "auth.user");
    const renamed = user(2, "robert", { is_active: false });
    const report = await importRows([...others, user(1, "ada"), renamed]);
    expect(report).toMatchObject({ revoked_ended: 3, users: { refused: 1 } });
    expect(refreshTokensHere()).toMatchObject({ "refresh-3": "ended" });
  });

  test("ends nothing with --without-tokens", async () => {
    const rows = [refreshToken(1, REVOKED), ...ACCOUNTS];
    expect(await importRows(rows, "--without-tokens")).toMatchObject({ revoked_ended: 0 });
    expect(refreshTokensHere()).toEqual(ALL_GOOD);
  });

  test("counts in a dry run the tokens to end, and ends none", async () => {
    const before = importedState(stateDir);
    const rows = [refreshToken(1, REVOKED), ...ACCOUNTS];
    expect(await importRows(rows, "--dry-run")).toMatchObject({ revoked_ended: 2 });
    expect(importedState(stateDir)).toEqual(before);
  });

  test("records one event when it ends tokens, and none otherwise", async () => {
    const rows = [refreshToken(1, REVOKED), ...ACCOUNTS];
    await importRows(rows);
    expect(importedState(stateDir).auditEvents).toHaveLength(2);
    expect(await importRows(rows)).toMatchObject({ revoked_ended: 0 });
    expect(importedState(stateDir).auditEvents).toHaveLength(2);
  });

  test("finds the first and the last of thousands of revoked tokens", async () => {
    const revoked = (pk: number) => refreshToken(pk, REVOKED);
    const old = Array.from({ length: 10_000 }, (_, index) => revoked(1000 + index));
    const report = await importRows([revoked(1), ...old, revoked(2), ...ACCOUNTS]);
    expect(report).toMatchObject({ revoked_ended: 4, refresh_tokens: { refused: 10_002 } });
    expect(refreshTokensHere()).toMatchObject({ "refresh-1": "ended", "refresh-2": "ended" });
  });

  test("accepts an existing client as --introspection, and warns that it is unchanged", async () => {
    execute("DELETE FROM clients");
    const words = ["--introspection", "shop"];
    await importRows(SITE, ...words);
    const before = importedState(stateDir);
    const report = await importRows(SITE, ...words);
    expect(report).toMatchObject({ clients: { taken: 0, unchanged: 1 } });
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/^--introspection does not change existing clients: shop\./),
    );
    expect(importedState(stateDir)).toEqual(before);
  });

  test("prints how many tokens it ended", async () => {
    writeFileSync(file, JSON.stringify([refreshToken(1, REVOKED), ...ACCOUNTS]));
    const { stdout } = await command(["import", "django", file, "--persist-to", stateDir]);
    expect(stdout).toContain("\nended 2 imported tokens that the old server has revoked since\n");
  });
});

describe("a user or client that was deleted here", () => {
  const place = ["--persist-to", stateDir];
  const reasons = (report: { reasons: object[] }) => report.reasons;
  const deleted = {
    reason: "was deleted here; use --restore-deleted to import it again",
    count: 1,
  };

  beforeEach(async () => {
    expect(await command(["user", "delete", "bob", "--yes", ...place])).toMatchObject({ code: 0 });
    expect(await command(["client", "delete", "shop", "--yes", ...place])).toMatchObject({
      code: 0,
    });
  });

  test("is named, and not imported by default", async () => {
    const report = await importRows(SITE);
    expect(reasons(report)).toContainEqual({
      ...deleted,
      ...{ kind: "users", outcome: "refused", examples: ["bob"] },
    });
    expect(reasons(report)).toContainEqual({
      ...deleted,
      ...{ kind: "clients", outcome: "refused", examples: ["shop"] },
    });
    expect(report).toMatchObject({ users: { taken: 0 }, clients: { taken: 0 } });
    expect(report).toMatchObject({ refresh_tokens: { taken: 0 }, access_tokens: { taken: 0 } });
  });

  test("is named in the table for people, with the option that imports it", async () => {
    const { stdout } = await command(["import", "django", file, "--persist-to", stateDir]);
    const [users, clients] = ["bob", "shop"].map((name) => {
      return stdout.split("\n").find((line) => line.trimEnd().endsWith(`  ${name}`));
    });
    expect(users).toMatch(
      /^users +refused +1 +was deleted here; use --restore-deleted to import it again/,
    );
    expect(clients).toMatch(/^clients +refused +1 +was deleted here; use --restore-deleted/);
  });

  test("is imported with --restore-deleted, without its earlier tokens", async () => {
    const report = await importRows(SITE, "--restore-deleted");
    expect(report).toMatchObject({ users: { taken: 1, refused: 0 }, clients: { taken: 1 } });
    expect(report).toMatchObject({ refresh_tokens: { taken: 0 }, access_tokens: { taken: 0 } });
    expect(await importRows(SITE)).toMatchObject({ users: { unchanged: 2, refused: 0 } });
  });
});
