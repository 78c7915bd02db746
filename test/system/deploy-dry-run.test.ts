import { join } from "node:path";
import { expect, test } from "vitest";
import { makeKeys, writePrivately } from "../../src/cli/deploy/keys.ts";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

const dir = ownDir();

test.each([
  ["production", "", "tollgate"],
  ["staging", "staging", "tollgate-staging"],
])("a deployment to %s would be accepted, with every binding", async (name, environment, db) => {
  const { code, stdout, stderr } = await run(process.execPath, [
    "node_modules/wrangler/bin/wrangler.js",
    ...["deploy", "--dry-run", "--env", environment, "--outdir", join(dir, name)],
  ]);
  expect(code, stderr).toBe(0);
  const bindings = stdout.match(/^env\.\w+ \(.*?\)|^env\.\w+/gm);
  expect(bindings).toEqual(
    expect.arrayContaining([
      "env.REFRESH_FAMILIES (RefreshFamily)",
      "env.ACCESS_TOKENS",
      `env.DB (${db})`,
      'env.SCOPES ("read write groups introspection")',
    ]),
  );
  expect(stderr).not.toContain("WARNING");
});

test("a new Worker would accept the keys of npm run deploy, and prints none", async () => {
  const file = join(dir, "secrets.json");
  const keys = await makeKeys();
  writePrivately(file, keys);
  const { code, stdout, stderr } = await run(process.execPath, [
    "node_modules/wrangler/bin/wrangler.js",
    ...["deploy", "--dry-run", "--env", "", "--secrets-file", file, "--outdir", join(dir, "keys")],
  ]);
  expect(code, stderr).toBe(0);
  for (const name of Object.keys(keys)) expect(stdout).toContain(`env.${name} ("(hidden)")`);
  expect(stdout + stderr).not.toContain(keys.TOKEN_KEYS);
});
