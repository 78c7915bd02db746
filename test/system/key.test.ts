import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { calculateJwkThumbprint, type JWK } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { KEY_WAITS } from "../../src/admin/keys.ts";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { generateSigningKey } from "../../src/crypto/signing-keys.ts";
import { type CommandOptions, command } from "../support/commands.ts";
import { ownDir } from "../support/own-state.ts";
import { cli, run } from "../support/processes.ts";

const dir = ownDir();

const file = join(dir, ".dev.vars");
const FIRST = "5e".repeat(32);
const signing = JSON.stringify({ keys: [await generateSigningKey("ES256")] });
const CONTENT = [
  "# Kept, as all else is",
  "OTHER = 'x y'  # this too",
  `TOKEN_KEYS=${FIRST}`,
  `SIGNING_KEYS='${signing}'`,
  "LAST=no line break",
].join("\n");

beforeEach(() => writeFileSync(file, CONTENT, { mode: 0o644 }));

function key(words: readonly string[], options?: CommandOptions) {
  return command(["key", ...words, "--vars-file", file], options);
}

async function idsOf(...words: string[]): Promise<string[]> {
  const { stdout } = await key(["list", "--json", ...words]);
  return JSON.parse(stdout).keys.map(({ id }: { id: string }) => id);
}

describe("cli key in a file of local secrets", () => {
  test("as a process lists keys and prints none", async () => {
    const { code, stdout, stderr } = await cli("key", "list", "--vars-file", file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^KEY +ALGORITHM +USE\n[\da-f]{8} +\S+ +seals\n$/);
    expect(stdout).not.toContain(FIRST);
  });

  test.each([["TOKEN_KEYS", []] as const, ["SIGNING_KEYS", ["--signing"]] as const])(
    "rotates %s, and says what to wait for",
    async (name, words) => {
      const [old = ""] = await idsOf(...words);
      const added = await key(["add", ...words]);
      expect(added.stderr).toContain(
        `Restart the service if it is running.\nWait ${KEY_WAITS[name].add}. Then promote the new key.`,
      );
      const [, fresh = ""] = await idsOf(...words);
      const promoted = await key(["promote", fresh, ...words]);
      expect(promoted.stderr).toMatch(/^Wait .* Then retire the old key\.$/m);
      expect(await idsOf(...words)).toEqual([fresh, old]);
      expect((await key(["retire", old, ...words])).code).toBe(0);
      expect(await idsOf(...words)).toEqual([fresh]);
      const said = [added, promoted].map(({ stdout, stderr }) => stdout + stderr).join("");
      expect(said).not.toContain(parseEnv(readFileSync(file, "utf8"))[name]);
    },
  );

  test("keeps every other line and comment, readable by its owner alone", async () => {
    await key(["add"]);
    const lines = readFileSync(file, "utf8").split("\n");
    const [before, after] = [CONTENT.split("\n"), lines];
    expect(after.map((line, index) => (index === 2 ? "TOKEN_KEYS" : line))).toEqual(
      before.map((line, index) => (index === 2 ? "TOKEN_KEYS" : line)),
    );
    expect(after[2]).toMatch(new RegExp(`^TOKEN_KEYS='${FIRST},[\\da-f]{64}'$`));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test("makes a signing key for the requested algorithm", async () => {
    const { stdout } = await key(["add", "--signing", "--algorithm", "EdDSA", "--json"]);
    const { keys } = JSON.parse(stdout);
    expect(keys.map((one: object) => ({ ...one, id: "" }))).toEqual([
      { id: "", algorithm: "ES256", use: "signs" },
      { id: "", algorithm: "EdDSA", use: "signs ID tokens" },
    ]);
    expect(stdout).not.toContain('"d"');
  });
});

test("cli key add brings over the RSA key of another server, in PKCS #8 and PKCS #1", async () => {
  // The first of its algorithm is used at once.
  const uses = { pkcs8: "signs ID tokens", pkcs1: "verifies" } as const;
  for (const type of ["pkcs8", "pkcs1"] as const) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = join(dir, "oidc.key");
    writeFileSync(pem, privateKey.export({ type, format: "pem" }));
    const { stdout } = await key(["add", "--signing", "--pem-file", pem, "--json"]);
    expect(JSON.parse(stdout).keys.at(-1)).toEqual({
      id: await calculateJwkThumbprint(privateKey.export({ format: "jwk" }) as JWK),
      ...{ algorithm: "RS256", use: uses[type] },
    });
  }
});

describe("cli key rejects, and does not change the file:", () => {
  const broken = { torn: `OTHER='a\nTOKEN_KEYS=${FIRST}\nb'\n`, keys: "TOKEN_KEYS=secret-1\n" };
  const cases: [string, words: string[], code: number, reason: string, content?: string][] = [
    ["the last key", ["retire", "FIRST"], 2, "is the only key; add another first\n"],
    ["an unknown key", ["promote", "00000000"], 2, "unknown key id; see key list\n"],
    ["no id", ["retire"], 2, "error: missing required argument 'id'"],
    ["another algorithm", ["add", "--algorithm", "none"], 2, "error: option '--algorithm"],
    ["an algorithm for TOKEN_KEYS", ["add", "--algorithm", "RS256"], 2, "require --signing"],
    ["a PEM file for TOKEN_KEYS", ["add", "--pem-file", "x"], 2, "require --signing"],
    ["no PEM file", ["add", "--signing", "--pem-file", "x"], 2, "--pem-file: ENOENT"],
    ["another file", ["add", "--signing", "--pem-file", "package.json"], 2, "is not a private key"],
    ["a file without keys", ["add"], 1, "TOKEN_KEYS is missing. Run npm start once", "A=1\n"],
    [
      "a file with invalid keys",
      ["add"],
      2,
      "TOKEN_KEYS: key 1 is not 64 hexadecimal",
      broken.keys,
    ],
    ["a file that cannot be rewritten", ["add"], 1, "TOKEN_KEYS is missing", broken.torn],
  ];

  test.each(cases)("%s", async (_, words, code, reason, content = CONTENT) => {
    const [first = ""] = await idsOf();
    writeFileSync(file, content);
    const ended = await key(words.map((word) => (word === "FIRST" ? first : word)));
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    expect(ended.stderr).toContain(reason);
    expect(ended.stderr).not.toContain("secret-1");
    expect(readFileSync(file, "utf8")).toBe(content);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test("a value that contains the line of another secret", async () => {
    const content = `TOKEN_KEYS=${FIRST}\nOTHER='a\nTOKEN_KEYS=x\nb'\n`;
    writeFileSync(file, content);
    const { code, stderr } = await key(["add"]);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot rewrite");
    expect(readFileSync(file, "utf8")).toBe(content);
  });

  test("a file that another command is changing", async () => {
    writeFileSync(`${file}.new`, "");
    const { code, stderr } = await key(["add"]);
    expect({ code, now: readFileSync(file, "utf8") }).toEqual({ code: 1, now: CONTENT });
    expect(stderr).toContain("another command is changing the secrets");
    rmSync(`${file}.new`);
  });
});

describe("cli key --remote, with a stand-in for wrangler", () => {
  const calls = join(dir, "calls.jsonl");
  beforeEach(() => rmSync(calls, { force: true }));

  function remote(words: readonly string[], present: string, code = 0) {
    const line = `printf '%s\\n' "$PRESENT" | "$NODE" src/cli/main.ts "$@"`;
    return run("bash", ["-c", line, "bash", "key", ...words, "--remote", "--keys-stdin"], {
      env: {
        PRESENT: present,
        NODE: process.execPath,
        TOLLGATE_WRANGLER: resolve(
          import.meta.dirname,
          "../support/cloudflare/wrangler-stand-in.mjs",
        ),
        STAND_IN_CALLS: calls,
        STAND_IN_CODE: String(code),
      },
    });
  }

  function calledWith(): { args: string[]; input: string }[] {
    if (!existsSync(calls)) return [];
    const lines = readFileSync(calls, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line));
  }

  test("puts the new value through standard input and prints it once", async () => {
    const { code, stdout, stderr } = await remote(["add", "--env", "staging"], FIRST);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${FIRST},[\\da-f]{64}\\n$`));
    const [call, ...more] = calledWith();
    expect(more).toEqual([]);
    expect(call?.input).toBe(stdout.trimEnd());
    const config = resolve("wrangler.toml");
    expect(call?.args).toEqual([
      ...["secret", "--config", config, "put", "TOKEN_KEYS", "--env", "staging"],
    ]);
    expect(stderr).not.toContain(FIRST);
    expect(readFileSync(file, "utf8")).toBe(CONTENT);
  });

  test("prints nothing when the value could not be stored", async () => {
    const { code, stdout, stderr } = await remote(["add"], FIRST, 1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      "Could not update TOKEN_KEYS; the old value is still in use:\nThe stand-in",
    );
    // The top level, for any environment of the shell.
    expect(calledWith()[0]?.args.slice(-2)).toEqual(["--env", ""]);
  });

  test.each([
    ["an invalid value", ["add"], "secret-1"],
    ["an unknown environment", ["add", "--env", "nowhere"], FIRST],
    ["more than a Worker stores", ["add", "--signing", "--algorithm", "RS256"], longSet()],
  ])("stores nothing for %s", async (_, words, present) => {
    const { code, stdout, stderr } = await remote(words, present);
    expect({ code, stdout, calls: calledWith() }).toEqual({ code: 2, stdout: "", calls: [] });
    expect(stderr).not.toContain("secret-1");
  });

  test("list prompts for the current keys, and prints none", async () => {
    const { code, stdout } = await command(["key", "list", "--remote"], { typed: `${FIRST}\r` });
    expect(code).toBe(0);
    expect(stdout).toMatch(/ seals\n$/);
    expect(stdout).not.toContain(FIRST);
  });

  function longSet(): string {
    const { keys } = JSON.parse(signing);
    return JSON.stringify({ keys: [{ ...keys[0], note: "x".repeat(4000) }] });
  }
});

test("docs/operations.md names the waits that the commands print", () => {
  const page = readFileSync(join(PROJECT_DIR, "docs/operations.md"), "utf8");
  const { TOKEN_KEYS, SIGNING_KEYS } = KEY_WAITS;
  expect(page).toContain(`| 1 | \`key add\` | ${TOKEN_KEYS.add} | ${SIGNING_KEYS.add} |`);
  const promote = `${TOKEN_KEYS.promote} | ${SIGNING_KEYS.promote} |`;
  expect(page).toContain(`| 2 | \`key promote ID\` | ${promote}`);
});
