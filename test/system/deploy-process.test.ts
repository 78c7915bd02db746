import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandInCloudflare } from "../support/cloudflare/stand-in-cloudflare.ts";
import { ownDir } from "../support/own-state.ts";
import { type Ended, type Environment, run, start } from "../support/processes.ts";

// The real command and the real wrangler, against a stand-in for Cloudflare's API.
// What only a real account can show is in docs/operations.md.

const dir = ownDir();

let api: StandInCloudflare;
beforeEach(async () => {
  api = await StandInCloudflare.start();
});
afterEach(() => {
  api.stop();
  expect(readdirSync(dir).filter((name) => name.startsWith("tollgate-"))).toEqual([]);
});

const WORDS = ["src/cli/deploy.ts", "--wait", "0"];

/** As in a build, where no client secret is printed; with its own home and scratch folder. */
function environment(): Environment {
  return { ...api.env, CI: "true", NO_COLOR: "1", HOME: dir, XDG_CONFIG_HOME: dir, TMPDIR: dir };
}

const deploy = (...words: string[]): Promise<Ended> => {
  return run(process.execPath, [...WORDS, ...words], { env: environment() });
};

const changes = () => {
  return api.requests.map(({ what }) => what).filter((what) => /^(?:PUT|POST|DELETE)/.test(what));
};

const UPLOAD = "PUT /workers/scripts/tollgate";
const QUERY = /^POST \/d1\/database\/[\w-]+\/query$/;
const MIGRATIONS = readdirSync("src/storage/migrations")
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .map((name) => ({ name }));

const migrations = () => api.database.prepare("SELECT name FROM d1_migrations ORDER BY id").all();

describe("npm run deploy", () => {
  test("deploys a new Worker, and then does not change its keys", async () => {
    const first = await deploy();
    const keys = api.worker;
    expect(keys).toEqual({
      TOKEN_KEYS: expect.stringMatching(/^[0-9a-f]{64}$/),
      SIGNING_KEYS: expect.stringContaining('"crv":"P-256"'),
    });
    expect(migrations()).toMatchObject(MIGRATIONS);
    const begun = changes();
    expect(begun.findIndex((what) => QUERY.test(what))).toBeGreaterThan(begun.indexOf(UPLOAD));
    expect(first.stdout).toContain("Deployed: https://tollgate.example.workers.dev\n");
    // The doctor found the id of the database, wrangler.toml has only its name.
    expect(api.requests.map(({ what }) => what)).toContain("GET /workers/subdomain/edge-preview");
    // Neither the address nor a session at the edge exists here, and the doctor reports that.
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(/^ok +secrets +TOKEN_KEYS, SIGNING_KEYS$/m);
    expect(first.stdout).toMatch(/^failed +service +https:\/\/tollgate\.example\.workers\.dev /m);

    api.requests.length = 0;
    const second = await deploy();
    const repeated = changes();
    expect(repeated.findIndex((what) => QUERY.test(what))).toBeLessThan(repeated.indexOf(UPLOAD));
    expect(repeated).not.toContain("POST /d1/database");
    expect(api.worker).toEqual(keys);
    expect(migrations()).toMatchObject(MIGRATIONS);

    const shown = [first, second].map(({ stdout, stderr }) => stdout + stderr).join();
    for (const secret of secretsOf(keys)) expect(shown).not.toContain(secret);
  });

  test("that is interrupted leaves no key file and no process, and fails", async () => {
    api.stalls = UPLOAD;
    const running = start(process.execPath, WORDS, { env: environment() });
    while (!changes().includes(UPLOAD)) await sleep(50);
    expect(readdirSync(dir).some((name) => name.startsWith("tollgate-deploy"))).toBe(true);
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(api.worker).toBeNull();
  });

  test("fails without a login, before it creates anything", async () => {
    const env = { ...environment(), CLOUDFLARE_API_TOKEN: undefined };
    const { code, stderr } = await run(process.execPath, WORDS, { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Could not query the account; try npx wrangler login\. .*\n$/);
    expect(api.requests).toEqual([]);
  });

  test("still accepts --skip-tests for existing scripts, and does not list it", async () => {
    const { stdout } = await deploy("--skip-tests", "--help");
    expect(stdout).toContain("--keys <file>");
    expect(stdout).not.toContain("skip-tests");
  });

  test.each([
    [["--bogus"], "error: unknown option '--bogus'"],
    [["--wait", "soon"], "error: option '--wait <seconds>' argument 'soon' is invalid."],
    [["staging"], "error: too many arguments"],
  ])("rejects %j", async (words, reason) => {
    const { code, stderr } = await deploy(...words);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(reason) });
    expect(api.requests).toEqual([]);
  });
});

function secretsOf(worker: Readonly<Record<string, string>> | null): string[] {
  const { keys } = JSON.parse(worker?.["SIGNING_KEYS"] ?? "{}") as { keys: { d: string }[] };
  return [worker?.["TOKEN_KEYS"] ?? "", ...keys.map(({ d }) => d)];
}
