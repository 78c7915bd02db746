import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandOptions, command } from "../support/commands.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { cli } from "../support/processes.ts";

const stateDir = ownState();
const dir = ownDir();

const RECORD = /^\$pbkdf2-sha256\$/;

function client(words: readonly string[], options?: CommandOptions) {
  return command(["client", ...words, "--persist-to", stateDir], options);
}

async function clientJson(...words: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await client([...words, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function row(id: string): Record<string, unknown> | undefined {
  return readRegistry(stateDir).find((one) => one["client_id"] === id);
}

describe("cli client create", () => {
  test("as a process prints the secret once, for a program to read", async () => {
    const words = ["client", "create", "spawned", "--json", "--persist-to", stateDir];
    const { code, stdout, stderr } = await cli(...words);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Save this secret now; it will not be shown again.\n",
    });
    const printed = JSON.parse(stdout);
    expect(printed).toEqual({
      client_id: "spawned",
      client_secret: expect.stringMatching(/^tgs_[\w-]{43}$/),
    });
    expect(JSON.stringify(readRegistry(stateDir))).not.toContain(printed.client_secret);
  });

  test("writes its options", async () => {
    const jwks = join(dir, "jwks.json");
    const keys = [{ kty: "OKP", crv: "Ed25519", x: "zFpzQH-7h9Bp28kVgC8met6kHxocC0xhyXNPdelUmcI" }];
    writeFileSync(jwks, JSON.stringify({ keys }, null, 1));
    const options = {
      "--name": "Every option",
      "--grant-types": "password,client_credentials",
      "--auth-method": "private_key_jwt",
      "--scope": "read write",
      "--default-scope": "read",
      "--audience": "https://a.example https://b.example",
      "--claims": '{"tenant": "acme"}',
      "--jwks-file": jwks,
      "--allowed-origins": "https://app.example",
      "--access-token-format": "jwt",
      "--access-token-ttl": "60",
      "--refresh-idle-ttl": "120",
      "--refresh-absolute-ttl": "180",
    };
    const { code, stdout } = await client(["create", "whole", ...Object.entries(options).flat()]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "client_id  whole\n" });
    expect(row("whole")).toMatchObject({
      client_name: "Every option",
      grant_types: "password client_credentials",
      token_endpoint_auth_method: "private_key_jwt",
      secret_record: null,
      scope: "read write",
      default_scope: "read",
      audience: "https://a.example https://b.example",
      claims: '{"tenant":"acme"}',
      jwks: JSON.stringify({ keys }),
      allowed_origins: "https://app.example",
      access_token_format: "jwt",
      access_token_ttl_seconds: 60,
      refresh_idle_ttl_seconds: 120,
      refresh_absolute_ttl_seconds: 180,
    });
  });

  test.each([
    ["standard input", { input: "chosen-secret\n" }],
    ["a prompt that does not show it", { typed: "chosen-secret\r" }],
  ])("reads a secret from %s", async (name, given) => {
    const id = `chosen-by-${name.length}`;
    const { code, stdout, stderr } = await client(["create", id, "--secret-stdin"], given);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("chosen-secret");
    expect(stderr).not.toContain("chosen-secret");
    expect(row(id)?.["secret_record"]).toMatch(RECORD);
  });
});

describe("cli client rejects, with an exit code and a reason, and changes nothing:", () => {
  beforeAll(async () => {
    await client(["create", "there"]);
  });

  const keyFile = (name: string, key: object) => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify({ keys: [key] }));
    return ["--auth-method", "private_key_jwt", "--jwks-file", path];
  };
  const P384 = keyFile("p384.json", { kty: "EC", crv: "P-384", x: "AAAA", y: "AAAA" });
  const PRIVATE = keyFile("private.json", { kty: "OKP", crv: "Ed25519", x: "AAAA", d: "AAAA" });

  const cases: [words: string[], code: number, reason: string, options?: CommandOptions][] = [
    [["create", "x", ...P384], 2, "jwks.keys[0]: must be EC with curve P-256, OKP"],
    [["update", "there", ...PRIVATE], 2, "jwks.keys[0]: is a private key: replace it"],
    [
      ["create", "x", "--claims", '{"a": [9007199254740993]}'],
      2,
      "--claims: contains a number that",
    ],
    [["create", "there"], 4, 'client "there" already exists\n'],
    [["create", ""], 2, "client_id: is empty\n"],
    [["create", "é"], 2, "client_id: has a character other than printable ASCII\n"],
    [["create", "x", "--scope", 'a"b'], 2, "scope: is not scope names with spaces between\n"],
    [["create", "x", "--skip-consent", "no"], 2, "--skip-consent: is neither true nor false\n"],
    [["create", "x", "--claims", "{secret"], 2, "--claims: is not valid JSON\n"],
    [
      ["create", "x", "--claims", '{"sub": 1}'],
      2,
      "claims: has a name that tokens use themselves\n",
    ],
    [
      ["create", "x", "--access-token-ttl", "1h"],
      2,
      "--access-token-ttl: is not a whole number of seconds\n",
    ],
    [
      ["create", "x", "--access-token-ttl", "0"],
      2,
      "access_token_ttl_seconds: Too small: expected number to be >=1\n",
    ],
    [
      ["create", "x", "--auth-method", "none", "--secret-stdin"],
      2,
      'client_secret: a public client (method "none") has no secret\n',
      { input: "secret" },
    ],
    [["create", "x", "--secret-stdin"], 2, "Client secret: standard input is empty\n"],
    [["create", "x", "--secret-stdin"], 1, "Cancelled. Nothing was changed.\n", { typed: "\x03" }],
    [["create", "x", "--secret-stdin"], 2, "client_secret: has a control char", { input: "a\0b" }],
    [["show", "none"], 3, 'client "none" does not exist\n'],
    [["update", "none", "--scope", "read"], 3, 'client "none" does not exist\n'],
    [["update", "there"], 2, "No change given. Name at least one field; see --help.\n"],
    [["update", "there", "--access-token-format", "jwt"], 2, 'audience: format "jwt" requires'],
    [["revoke", "none"], 3, 'client "none" does not exist\n'],
    [["disable", "none"], 3, 'client "none" does not exist\n'],
    [["enable", "none"], 3, 'client "none" does not exist\n'],
    [["rotate-secret", "none"], 3, 'client "none" does not exist\n'],
    [["rotate-secret", "there", "--old-ends", "soon"], 2, "--old-ends: invalid time"],
    [["rotate-secret", "there", "--old-ends", "2027-02-31"], 2, "--old-ends: invalid time"],
    [
      ["rotate-secret", "there", "--old-ends", "2020-01-01"],
      2,
      "--old-ends: the time is in the past",
    ],
    [["rotate-secret", "there", "--drop-old"], 2, "the client has no previous secret\n"],
    [
      ["rotate-secret", "there", "--drop-old", "--old-ends", "now"],
      2,
      "--drop-old cannot be combined",
    ],
    [["delete", "there"], 2, 'Permanently delete client "there"? Without a terminal, use --yes.\n'],
    [["delete", "there"], 1, "Cancelled. Nothing was changed.\n", { typed: "n" }],
    [["delete", "none", "--yes"], 3, 'client "none" does not exist\n'],
    [["list", "--limit", "0"], 2, "error: option '--limit <rows>' argument '0' is invalid."],
  ];

  test.each(cases)("%j", async (words, code, reason, options) => {
    const before = readRegistry(stateDir);
    const ended = await client(words, options);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    expect(ended.stderr).toContain(reason);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(readRegistry(stateDir)).toEqual(before);
  });
});

describe("cli client", () => {
  test("list continues after a name, and shows no hash", async () => {
    const all = await clientJson("list");
    expect(all["next"]).toBe(null);
    const ids = (all["clients"] as { client_id: string }[]).map((one) => one.client_id);
    expect(ids.length).toBeGreaterThan(2);
    const first = await clientJson("list", "--limit", "1");
    expect(first).toMatchObject({ clients: [{ client_id: ids[0] }], next: ids[0] });
    const second = await clientJson("list", "--limit", "1", "--after", ids[0] ?? "");
    expect(second).toMatchObject({ clients: [{ client_id: ids[1] }] });
    expect(JSON.stringify(all)).not.toMatch(/pbkdf2|record/);
  });

  test("list is a table for people, with any characters in a name", async () => {
    await client(["create", "odd", "--name", "\x1b[31mred\x1b[0m\u0007"]);
    const { stdout, stderr } = await client(["list", "--limit", "2"]);
    expect(stdout).toMatch(/^CLIENT +NAME +AUTH METHOD +GRANT TYPES +SCOPE +STATE\n/);
    expect(stderr).toMatch(/^More rows: use --after /);
    const whole = (await client(["list"])).stdout;
    expect(whole).toContain("red\uFFFD");
    expect(whole).not.toContain("\x1b");
  });

  test("show prints everything except the secrets", async () => {
    const shown = await clientJson("show", "spawned");
    expect(shown).toMatchObject({ client_id: "spawned", has_secret: true, disabled: false });
    expect(JSON.stringify(shown)).not.toMatch(/pbkdf2|_record/);
    const { stdout } = await client(["show", "spawned"]);
    expect(stdout).toMatch(/^has_secret +yes$/m);
  });

  test("update changes the named fields, and an empty value resets one", async () => {
    await client(["create", "changing", "--scope", "read", "--name", "Kept"]);
    const changed = await client(["update", "changing", "--scope", "", "--access-token-ttl", "90"]);
    expect(changed).toMatchObject({ code: 0, stderr: "" });
    expect(row("changing")).toMatchObject({
      scope: null,
      client_name: "Kept",
      access_token_ttl_seconds: 90,
    });
  });

  test("revoke ends every session, and changes nothing else", async () => {
    const { not_before_ms: before, ...others } = row("changing") ?? {};
    expect(await clientJson("revoke", "changing")).toEqual({
      client_id: "changing",
      sessions_ended: true,
    });
    const { not_before_ms: after, ...same } = row("changing") ?? {};
    expect(same).toEqual(others);
    expect(Number(after)).toBeGreaterThan(Number(before));
  });

  test("disable and enable switch it off and on", async () => {
    expect(await clientJson("disable", "changing")).toMatchObject({ disabled: true });
    expect(row("changing")?.["disabled"]).toBe(1);
    await clientJson("enable", "changing");
    expect(row("changing")?.["disabled"]).toBe(0);
  });

  test.each([
    [["--old-ends", "in 7d"], /valid until \d{4}-\d{2}-\d{2}T/],
    [["--old-ends", "2099-12-31"], /valid until 2099-12-31T00:00:00.000Z\.$/m],
    [["--old-ends", "now"], /^The old secret is no longer valid\.$/m],
    [[], /valid until the next rotation or client rotate-secret --drop-old\.$/m],
  ])("rotate-secret %j prints until when the old secret is valid", async (words, says) => {
    const before = row("changing");
    const { code, stdout, stderr } = await client(["rotate-secret", "changing", ...words]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^client_secret +tgs_[\w-]{43}$/m);
    expect(stderr).toMatch(says);
    const endsNow = words.includes("now");
    const after = row("changing");
    expect(after?.["previous_secret_record"]).toBe(before?.["secret_record"]);
    const endsAtMs = after?.["previous_secret_ends_at_ms"];
    if (endsNow) expect(endsAtMs).toBe(0);
    else if (words.length === 0) expect(endsAtMs).toBeNull();
    else expect(endsAtMs).toBeGreaterThan(Date.now());
  });

  test("rotate-secret --drop-old ends the old secret", async () => {
    await client(["rotate-secret", "changing", "--drop-old"]);
    expect(row("changing")).toMatchObject({
      secret_record: expect.stringMatching(RECORD),
      previous_secret_ends_at_ms: 0,
    });
  });

  test("delete deletes after a confirmation", async () => {
    await client(["create", "doomed"]);
    expect((await client(["delete", "changing", "--yes"])).code).toBe(0);
    expect((await client(["delete", "doomed"], { typed: "y" })).code).toBe(0);
    expect([row("changing"), row("doomed")]).toEqual([undefined, undefined]);
  });
});
