import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "../support/commands.ts";
import { ownDir, ownState } from "../support/own-state.ts";

const stateDir = ownState();
const dir = ownDir();
const cli = (...words: string[]) => command([...words, "--persist-to", stateDir]);

const WARNING = /^Warning: client shop: scope: 1 of 2 names are not in SCOPES, /m;

test("commands, files and the doctor warn of an unknown scope", async () => {
  const created = await cli("client", "create", "shop", "--scope", "read wrte");
  expect(created).toMatchObject({ code: 0, stderr: expect.stringMatching(WARNING) });
  const file = join(dir, "accounts.json");
  writeFileSync(file, JSON.stringify({ clients: [{ client_id: "shop", scope: "read wrte" }] }));
  expect((await cli("apply", file)).stderr).toMatch(WARNING);
  const comma = await cli("client", "update", "shop", "--scope", "read,write");
  expect(comma).toMatchObject({
    code: 2,
    stderr: "scope: has a comma; separate the names by spaces\n",
  });
  const fixed = await cli("client", "update", "shop", "--scope", "read write");
  expect(fixed).toMatchObject({ code: 0, stderr: "" });
});
