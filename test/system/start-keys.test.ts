import { chmodSync, cpSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { logInTo } from "../support/ask-server.ts";
import { ownDir } from "../support/own-state.ts";
import { type Server, startServer } from "../support/server.ts";

/** A clone of the project, because a start in the developer's clone would use its keys. */
function makeClone() {
  const path = ownDir();
  for (const name of ["src", "wrangler.toml", "package.json"]) {
    cpSync(join(PROJECT_DIR, name), join(path, name), { recursive: true });
  }
  symlinkSync(join(PROJECT_DIR, "node_modules"), join(path, "node_modules"));
  const devVars = join(path, ".dev.vars");
  const command: [string, string] = [process.execPath, join(path, "src/cli/start.ts")];
  return { devVars, start: () => startServer({ stateDir: join(path, "state"), command }) };
}

let server: Server | undefined;
afterEach(async () => {
  await server?.stop();
  server?.kill();
});

async function jwksOf({ url }: Server): Promise<{ keys: Record<string, string>[] }> {
  const response = await fetch(`${url}/o/.well-known/jwks.json`);
  expect(response.status).toBe(200);
  return (await response.json()) as { keys: Record<string, string>[] };
}

describe("npm start in a fresh clone", () => {
  const clone = makeClone();
  let keysOfFirst: unknown;

  test("creates keys that only this user can read, and publishes their public halves", async () => {
    server = await clone.start();
    const { keys } = await jwksOf(server);
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ["alg", "crv", "kid", "kty", "use", "x", "y"],
      ["alg", "e", "kid", "kty", "n", "use"],
    ]);
    expect(await logInTo(server.url)).toMatchObject({ status: 200 });
    expect(statSync(clone.devVars).mode & 0o777).toBe(0o600);
    const secrets = parseEnv(readFileSync(clone.devVars, "utf8"));
    expect(secrets["TOKEN_KEYS"]).toMatch(/^[\da-f]{64}$/);
    expect(server.running.output()).not.toContain(secrets["TOKEN_KEYS"]);
    const { d } = JSON.parse(secrets["SIGNING_KEYS"] ?? "").keys[0];
    expect(d).toMatch(/^[\w-]{43}$/);
    expect(server.running.output()).not.toContain(d);
    keysOfFirst = keys;
  });

  test("keeps them at the next start", async () => {
    const before = readFileSync(clone.devVars, "utf8");
    server = await clone.start();
    expect((await jwksOf(server)).keys).toEqual(keysOfFirst);
    expect(readFileSync(clone.devVars, "utf8")).toBe(before);
  });
});

test.each([
  { ends: "with its last line", end: "\n" },
  { ends: "within its last line", end: "" },
])(
  "npm start adds missing keys to a .dev.vars that ends $ends, and keeps the rest",
  async ({ end }) => {
    const { devVars, start } = makeClone();
    const older = `# my own\nREFRESH_RETRY=same-successor\nTOKEN_KEYS=${"a1".repeat(32)}${end}`;
    writeFileSync(devVars, older);
    chmodSync(devVars, 0o644);
    server = await start();
    expect(statSync(devVars).mode & 0o777).toBe(0o600);
    expect(server.running.output()).toContain("other users could read it (mode 0644)");
    expect((await jwksOf(server)).keys).toHaveLength(2);
    const now = readFileSync(devVars, "utf8");
    expect(now.startsWith(older)).toBe(true);
    expect(parseEnv(now)).toEqual({
      ...parseEnv(older),
      SIGNING_KEYS: expect.stringContaining('"kty":"EC"'),
    });
  },
);
