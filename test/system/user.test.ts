import { beforeAll, describe, expect, inject, test } from "vitest";
import { askServer, refreshAt } from "../support/ask-server.ts";
import { type CommandOptions, command } from "../support/commands.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownState } from "../support/own-state.ts";
import { cli, run } from "../support/processes.ts";

const stateDir = ownState();

function user(words: readonly string[], options?: CommandOptions) {
  return command(["user", ...words, "--persist-to", stateDir], options);
}

function row(username: string): Record<string, unknown> | undefined {
  return readRegistry(stateDir).find((one) => one["username"] === username);
}

const PASSWORD = "a password, typed";

describe("cli user as processes, with a running service", () => {
  const server = inject("server");
  const login = { grant_type: "password", username: "by-command", password: PASSWORD };
  const words = (...some: string[]) => ["user", ...some, "--persist-to", server.stateDir];

  test("creates a user who can log in, and revokes the sessions", async () => {
    const line = `printf '%s\\n' "$SECRET" | "$NODE" src/cli/main.ts "$@"`;
    const create = words("create", login.username, "--password-stdin", "--json");
    const created = await run("bash", ["-c", line, "bash", ...create], {
      env: { SECRET: PASSWORD, NODE: process.execPath },
    });
    expect(created).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(created.stdout)).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      username: login.username,
    });
    const session = await askServer(server.url, login);
    expect(session.status).toBe(200);
    const revoked = await cli(...words("revoke", login.username));
    expect(revoked).toEqual({
      code: 0,
      stdout: `username        ${login.username}\nsessions_ended  yes\n`,
      stderr: "",
    });
    expect((await refreshAt(server.url, session)).status).toBe(400);
    expect((await askServer(server.url, login)).status).toBe(200);
  });
});

describe("cli user create", () => {
  test("asks for the password on a terminal, and does not show it", async () => {
    const { code, stdout, stderr } = await user(["create", "asked"], {
      typed: [`${PASSWORD}\r`, `${PASSWORD}\r`],
    });
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toContain(PASSWORD);
    expect(row("asked")?.["password_record"]).toMatch(/^\$pbkdf2-sha256\$/);
  });

  test("creates a user without a password, inactive, with claims", async () => {
    const options = ["--without-password", "--inactive", "--claims", '{"role": "admin"}'];
    expect((await user(["create", "quiet", ...options])).code).toBe(0);
    expect(row("quiet")).toMatchObject({
      password_record: "!",
      is_active: 0,
      claims: '{"role":"admin"}',
    });
  });
});

describe("cli user rejects, with an exit code and a reason, and changes nothing:", () => {
  beforeAll(async () => {
    await user(["create", "there", "--without-password"]);
  });

  const cases: [words: string[], code: number, reason: string, options?: CommandOptions][] = [
    [
      ["create", "there", "--password-stdin"],
      4,
      'user "there" already exists\n',
      { input: PASSWORD },
    ],
    [["create", "x"], 2, "Password: without a terminal, use --password-stdin.\n"],
    [["create", "x", "--password-stdin"], 2, "Password: standard input is empty\n"],
    [
      ["create", "x", "--password-stdin"],
      2,
      "password: has a control character\n",
      { input: "a\tb" },
    ],
    [["create", "x", "--password-stdin"], 2, "longer than 4096", { input: "x".repeat(4097) }],
    [["create", "x", "--password-stdin"], 2, "longer than 65536", { input: "x".repeat(70_000) }],
    [["create", "x"], 1, "Cancelled. Nothing was changed.\n", { typed: "\x03" }],
    [["create", "x"], 2, "Password: is empty\n", { typed: "\r" }],
    [["create", "a\nb", "--without-password"], 2, "username: has a control character\n"],
    [["create", "x", "--without-password", "--claims", "[]"], 2, "claims: Invalid input"],
    [["create", "x", "--without-password", "--password-stdin"], 2, "cannot be combined with"],
    [["create", "x", "--password", "p"], 2, "error: unknown option '--password'"],
    [["show", "none"], 3, 'user "none" does not exist\n'],
    [
      ["set-password", "none", "--password-stdin"],
      3,
      'user "none" does not exist\n',
      { input: "x" },
    ],
    [["set-password", "there"], 2, "without a terminal, use --password-stdin.\n"],
    [["disable", "none"], 3, 'user "none" does not exist\n'],
    [["enable", "none"], 3, 'user "none" does not exist\n'],
    [["revoke", "none"], 3, 'user "none" does not exist\n'],
    [["delete", "there"], 2, "Without a terminal, use --yes.\n"],
    [["delete", "none", "--yes"], 3, 'user "none" does not exist\n'],
    [["show", "there", "--env", "nowhere"], 2, '--env: wrangler.toml has no environment "nowhere"'],
  ];

  test.each(cases)("%j", async (words, code, reason, options) => {
    const before = readRegistry(stateDir);
    const ended = await user(words, options);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    expect(ended.stderr).toContain(reason);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(readRegistry(stateDir)).toEqual(before);
  });
});

describe("cli user", () => {
  test("list and show print everything except the hash", async () => {
    const listed = await user(["list", "--json"]);
    const { users, next } = JSON.parse(listed.stdout);
    expect(users.map((one: { username: string }) => one.username)).toEqual([
      "asked",
      "quiet",
      "there",
    ]);
    expect(next).toBe(null);
    const table = await user(["list", "--limit", "2", "--after", "asked"]);
    expect(table.stdout).toMatch(/^USER +ID +PASSWORD +STATE\nquiet +\S+ +no +inactive\nthere /);
    const shown = await user(["show", "asked"]);
    expect(shown.stdout).toMatch(/^has_password +yes$/m);
    expect(listed.stdout + table.stdout + shown.stdout).not.toMatch(/pbkdf2|_record/);
  });

  test("set-password, disable and enable work", async () => {
    const before = row("there");
    const set = await user(["set-password", "there", "--password-stdin"], { input: PASSWORD });
    expect(set).toMatchObject({ code: 0, stderr: "" });
    expect(row("there")?.["password_record"]).not.toBe(before?.["password_record"]);
    expect(Number(row("there")?.["not_before_ms"])).toBeGreaterThan(
      Number(before?.["not_before_ms"]),
    );
    await user(["disable", "there"]);
    expect(row("there")?.["is_active"]).toBe(0);
    await user(["enable", "there"]);
    expect(row("there")?.["is_active"]).toBe(1);
  });

  test("delete deletes after a confirmation", async () => {
    expect((await user(["delete", "there", "--yes"])).code).toBe(0);
    expect((await user(["delete", "quiet"], { typed: "y" })).code).toBe(0);
    expect([row("there"), row("quiet")]).toEqual([undefined, undefined]);
  });
});

describe("cli user update", () => {
  test("changes the name and the claims, and an empty value removes them", async () => {
    await user(["create", "named", "--without-password"]);
    const { id } = row("named") ?? {};
    const update = await user(["update", "named", "--username", "renamed", "--claims", '{"a":1}']);
    expect(update).toMatchObject({ code: 0, stdout: "username  renamed\n" });
    expect([row("named"), row("renamed")]).toMatchObject([undefined, { id, claims: '{"a":1}' }]);
    expect((await user(["update", "renamed", "--claims", ""])).code).toBe(0);
    expect(row("renamed")).toMatchObject({ claims: "{}" });
  });

  test("rejects a name in use, an unknown user, and no change", async () => {
    await user(["create", "first", "--without-password"]);
    await user(["create", "second", "--without-password"]);
    expect((await user(["update", "first", "--username", "second"])).code).toBe(4);
    expect((await user(["update", "nobody", "--username", "second"])).code).toBe(3);
    expect((await user(["update", "first"])).code).toBe(2);
    expect(row("first")).toBeDefined();
  });
});

describe("cli user reset-password", () => {
  test("prints a password, once, and stores its hash", async () => {
    await user(["create", "forgetful", "--without-password"]);
    const { code, stdout, stderr } = await user(["reset-password", "forgetful", "--json"]);
    expect([code, stderr]).toEqual([0, "Save this password now; it will not be shown again.\n"]);
    expect(JSON.parse(stdout)).toEqual({
      username: "forgetful",
      password: expect.stringMatching(/^(?:[0-9a-z]{5}-){4}[0-9a-z]{5}$/),
    });
    expect(row("forgetful")?.["password_record"]).toMatch(/^\$pbkdf2-sha256\$/);
  });
});

test("cli user fold-names lists names that differ only in case, in whole lines", async () => {
  await user(["create", "Twice", "--without-password"]);
  await user(["create", "twice", "--without-password"]);
  const [folded, rename] = ["Names folded: 0.", "Names are not unique yet. Rename or delete users"];
  const { code, stdout, stderr } = await user(["fold-names"]);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: `${folded} These names differ only in case:\n  Twice  twice\n`,
  });
  expect(stderr).toContain(rename);
  await user(["delete", "Twice", "--yes"]);
  expect((await user(["fold-names"])).stdout).toBe(`${folded} No two names differ only in case.\n`);
  const { stdout: allowed } = await user(["fold-names", "--allow-similar"]);
  expect(allowed).toBe("Names may differ only in case again.\n");
});

test.each([
  ["short", "1234567"],
  ["common", "password1"],
  ["its own name", "Poorly-Chosen"],
])("cli user set-password rejects a password that is %s", async (_, password) => {
  await user(["create", "poorly-chosen", "--without-password"]);
  const { code, stdout, stderr } = await user(
    ["set-password", "poorly-chosen", "--password-stdin"],
    {
      input: `${password}\n`,
    },
  );
  expect(code).toBe(2);
  expect(stdout + stderr).not.toContain(password);
  expect(row("poorly-chosen")).toMatchObject({ password_record: "!" });
});
