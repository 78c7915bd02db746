import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { command } from "../support/commands.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";
import { applyEntries } from "../support/registry-files.ts";

const stateDir = ownState();
const dir = ownDir();
const file = join(dir, "accounts.json");
beforeAll(async () => {
  await applyEntries(stateDir, { users: [{ username: "there" }] });
});
/** In every invalid file next to a valid entry, and never in a message. */
const SECRET = "hunter2-is-secret";

const good = { client_id: "good-one", client_secret: SECRET };

const json = (entries: object) => JSON.stringify(entries, null, 1);
const client = (fields: object) =>
  json({ clients: [good, { ...good, client_id: "x", ...fields }] });
const user = (fields: object) => json({ clients: [good], users: [{ username: "x", ...fields }] });

const BAD_FILES: [name: string, content: string | Buffer, reasons: string[]][] = [
  ["empty", "", ["line 1 column 1: not valid JSON"]],
  ["cut short", '{"clients": [\n', ["line 2 column 1: not valid JSON"]],
  [
    "with an unquoted word as a value",
    `{"clients": [\n  {"client_secret": "${SECRET}", "disabled": nope}\n]}`,
    ["line 2 column 55: not valid JSON"],
  ],
  [
    "with a bare secret",
    `{"clients": [\n  {"client_secret": ${SECRET}}]}`,
    ["line 2 column 21: not valid JSON"],
  ],
  ["with a trailing comma", '{"clients": [],}', ["line 1 column 16: not valid JSON"]],
  [
    "not UTF-8",
    Buffer.from(`{"clients": [{"client_id": "\xff", "client_secret": "${SECRET}"}]}`, "latin1"),
    ["file: not UTF-8"],
  ],
  ["that is a list", json([good]), ["file: Invalid input: expected object, received array"]],
  [
    "with an unknown field",
    client({ secret: SECRET }),
    ["clients[1].secret: is not a known field"],
  ],
  [
    "with wrong types",
    client({ client_secret: 1, client_name: [SECRET], disabled: SECRET }),
    [
      "clients[1].client_secret: Invalid input: expected string, received number",
      "clients[1].client_name: Invalid input: expected string, received array",
      "clients[1].disabled: Invalid input: expected boolean, received string",
    ],
  ],
  [
    "with an invalid scope",
    client({ scope: 'a"b', default_scope: "" }),
    [
      "clients[1].scope: is not scope names with spaces between",
      "clients[1].default_scope: is not scope names with spaces between",
    ],
  ],
  [
    "with invalid origins",
    client({ allowed_origins: ["https://a.example/", "a.example", "null", "*"] }),
    [0, 1, 2, 3].map(
      (index) =>
        `clients[1].allowed_origins[${index}]: is not an origin such as https://app.example.com or capacitor://localhost`,
    ),
  ],
  [
    "with a duplicate client",
    client({ client_id: good.client_id }),
    ["clients[1].client_id: duplicate"],
  ],
  [
    "with a duplicate user",
    json({ users: [1, 2].map(() => ({ username: "x", password: SECRET })) }),
    ["users[1].username: duplicate"],
  ],
  [
    "with a new confidential client without a secret",
    client({ client_secret: undefined }),
    ["clients[1].client_secret: required for a new confidential client"],
  ],
  [
    "with a public client that has a secret",
    client({ token_endpoint_auth_method: "none" }),
    ['clients[1].client_secret: a public client (method "none") has no secret'],
  ],
  [
    "with control characters",
    user({ username: "a\nb", password: `${SECRET}\0` }),
    ["users[0].username: has a control character", "users[0].password: has a control character"],
  ],
  [
    "with a password that is too long",
    user({ password: SECRET.repeat(300) }),
    ["users[0].password: is longer than 4096 bytes"],
  ],
];

describe("cli apply rejects a file", () => {
  test.each(BAD_FILES)(
    "%s, names the position, and changes nothing",
    async (_, content, reasons) => {
      const before = readRegistry(stateDir);
      writeFileSync(file, content);
      const { code, stdout, stderr } = await command(["apply", file, "--persist-to", stateDir]);
      expect(stderr).toBe(reasons.map((reason) => `${file}: ${reason}\n`).join(""));
      expect(stderr).not.toContain(SECRET.slice(0, 7));
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(readRegistry(stateDir)).toEqual(before);
    },
  );

  test("that is a directory", async () => {
    const { code, stderr } = await command(["apply", dir, "--persist-to", stateDir]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${dir}: file: is a directory\n` });
  });

  test("that is empty standard input", async () => {
    const words = ["apply", "-", "--persist-to", stateDir];
    const { code, stderr } = await command(words, { input: "{" });
    expect({ code, stderr }).toEqual({ code: 2, stderr: "-: line 1 column 2: not valid JSON\n" });
  });

  test("that does not exist", async () => {
    const { code, stderr } = await command(["apply", "none.json", "--persist-to", stateDir]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "none.json: file: not found\n",
    });
  });
});
