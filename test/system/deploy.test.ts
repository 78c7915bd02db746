import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DeployDeps, type DeployPlan, deploy } from "../../src/cli/deploy/deployment.ts";
import { keepKeys } from "../../src/cli/deploy/keys.ts";
import { ok } from "../../src/cli/doctor/check.ts";
import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";
import { StandInAccount, wordsOf } from "../support/cloudflare/stand-in-account.ts";
import { ownDir } from "../support/own-state.ts";

const dir = ownDir();
// An own folder: temporary files that remain in it are from this file.
process.env["TMPDIR"] = dir;
const account = await StandInAccount.open();
afterAll(() => account.close());

const passwordKinds = await createPasswordKinds({
  passwordHashRounds: 1,
  passwordPepper: null,
  random: secureRandom,
  deriveLong: longPbkdf2,
});

const PLAN: DeployPlan = {
  environment: "",
  requiredSecrets: ["TOKEN_KEYS"],
  makesFirstClient: true,
};
const CHECKS = [ok("service", "well")];

const said: string[] = [];
beforeEach(async () => {
  await account.reset();
  said.length = 0;
});
const leftBehind = () => readdirSync(dir).filter((name) => name.startsWith("tollgate-deploy"));
afterEach(() => expect(leftBehind()).toEqual([]));

function run(plan: Partial<DeployPlan> = {}, tools: Partial<DeployDeps> = {}) {
  return deploy(
    { ...PLAN, ...plan },
    {
      wrangler: account.wrangler,
      withDatabase: account.withDatabase,
      passwordKinds,
      chooseKeysFile: async () => null,
      examine: async () => CHECKS,
      say: (text) => said.push(text),
      ...tools,
    },
  );
}

const commands = () => account.seen.map(wordsOf);

async function clients() {
  const { results } = await account.db
    .prepare("SELECT client_id, secret_record FROM clients")
    .all<{ client_id: string; secret_record: string }>();
  return results;
}

/** Every key that a Worker ever had, to search for elsewhere. */
function keysOf(secrets: Readonly<Record<string, string>> | null): string[] {
  const { TOKEN_KEYS = "", SIGNING_KEYS = "{}" } = secrets ?? {};
  const jwks = JSON.parse(SIGNING_KEYS) as { keys?: readonly { d: string }[] };
  return [TOKEN_KEYS, ...(jwks.keys ?? []).map(({ d }) => d)];
}

describe("a deployment of a new Worker", () => {
  test("deploys with keys, migrates, creates a client and runs the doctor", async () => {
    const examined: (string | null)[] = [];
    const deployed = await run(
      {},
      {
        examine: async (address) => {
          expect(await clients()).toHaveLength(1);
          // The checks take long, and an interrupt would leave the keys of the Worker.
          expect(leftBehind()).toEqual([]);
          examined.push(address);
          return CHECKS;
        },
      },
    );
    expect(commands()).toEqual(["secret list", "deploy", "d1 migrations apply"]);
    const address = "https://tollgate.example.workers.dev";
    expect(examined).toEqual([address]);
    expect(deployed).toEqual({ address, checks: CHECKS, firstClient: expect.anything() });
  });

  test("writes valid keys into a file that only its owner can read", async () => {
    await run();
    expect(account.worker).toEqual({
      TOKEN_KEYS: expect.stringMatching(/^[0-9a-f]{64}$/),
      SIGNING_KEYS: expect.stringMatching(/^\{"keys":\[\{.*"crv":"P-256".*\}\]\}$/),
    });
    const modes = account.seen.map(({ secrets }) => secrets?.mode);
    expect(modes).toEqual([undefined, 0o600, undefined]);
  });

  test("prints no key, and puts none into an argument", async () => {
    await run();
    const shown = [...said, ...account.seen.flatMap(({ args }) => args)].join("\n");
    for (const key of keysOf(account.worker)) {
      expect(key.length).toBeGreaterThan(40);
      expect(shown).not.toContain(key);
    }
    expect(shown).toContain("cannot be read back");
  });

  test("prints the client's secret once, before the client exists", async () => {
    let atShow: unknown[] = [];
    const { firstClient } = await run(
      {},
      {
        say: (text) => {
          said.push(text);
          if (text.includes("client_secret")) void clients().then((rows) => (atShow = rows));
        },
      },
    );
    expect(atShow).toEqual([]);
    const { clientId, secret } = firstClient ?? { clientId: "", secret: "" };
    expect(said.filter((text) => text.includes(secret))).toHaveLength(1);
    const [row] = await clients();
    expect(row?.client_id).toBe(clientId);
    const record = row?.secret_record ?? "";
    const { matched } = await passwordKinds.clientSecrets.check(secret, [record]);
    expect(matched).toBe(record);
  });

  test("creates no client where the output is stored, as in a build", async () => {
    expect(await run({ makesFirstClient: false })).toMatchObject({ firstClient: null });
    expect(await clients()).toEqual([]);
    expect(said.join()).not.toContain("client_secret");
  });

  test("uses the database of an earlier Worker, with its clients", async () => {
    await run();
    account.worker = null;
    expect(await run()).toMatchObject({ firstClient: null });
    expect(await clients()).toHaveLength(1);
  });
});

describe("the keys of a new Worker can be saved", () => {
  const file = join(dir, "kept.secrets");
  const chooseKeysFile = async () => file;

  test("in a file that only its owner can read, before they are used", async () => {
    account.breakage = { command: "deploy", when: "before" };
    await expect(run({}, { chooseKeysFile })).rejects.toThrow("wrangler deploy failed");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    account.breakage = null;
    await run({}, { chooseKeysFile });
    expect(account.worker).toEqual(JSON.parse(readFileSync(file, "utf8")));
    expect(said.join("\n")).toContain(file);
    for (const key of keysOf(account.worker)) expect(said.join("\n")).not.toContain(key);
  });

  test.each([0o640, 0o604, 0o644])("and not in one that others can read (%s)", async (mode) => {
    const shared = join(dir, `shared ${mode}.secrets`);
    await keepKeys(shared);
    chmodSync(shared, mode);
    const failure = await run({}, { chooseKeysFile: async () => shared }).catch(String);
    expect(failure).toContain("other users can read it");
    expect(failure).toContain(`Run: chmod 600 '${shared}'`);
    expect(commands()).toEqual(["secret list"]);
  });

  test.each([
    ["not JSON", "5e5e5e5e-a-secret", "not a JSON object of TOKEN_KEYS and SIGNING_KEYS"],
    ["a key too short", '{"TOKEN_KEYS":"5e5e5e5e","SIGNING_KEYS":"{}"}', "TOKEN_KEYS: key 1"],
  ])("and a file that holds %s stops it before anything is changed", async (_, text, reason) => {
    const bad = join(dir, "bad.secrets");
    writeFileSync(bad, text);
    const failure = await run({}, { chooseKeysFile: async () => bad }).catch(String);
    expect(failure).toContain(`${bad}: ${reason}`);
    expect(failure).not.toContain("5e5e5e5e");
    expect(commands()).toEqual(["secret list"]);
    expect(readFileSync(bad, "utf8")).toBe(text);
  });
});

describe("a deployment over an existing Worker", () => {
  test("migrates first, then deploys, and changes neither keys nor clients", async () => {
    await run();
    const [keys, rows] = [account.worker, await clients()];
    account.seen.length = 0;
    said.length = 0;
    const chooseKeysFile = () => Promise.reject(new Error("asked for a file of keys"));
    expect(await run({}, { chooseKeysFile })).toMatchObject({ firstClient: null, checks: CHECKS });
    expect(commands()).toEqual(["secret list", "d1 migrations apply", "deploy"]);
    expect(account.seen.every(({ args }) => !args.includes("--secrets-file"))).toBe(true);
    expect({ keys: account.worker, rows: await clients() }).toEqual({ keys, rows });
  });

  test("stops before any change when a secret is missing, and names it", async () => {
    account.worker = { TOKEN_KEYS: "ab" };
    const required = ["TOKEN_KEYS", "NEW_ONE", "OTHER"];
    const failure = await run({ requiredSecrets: required, environment: "staging" }).catch(String);
    expect(failure).toContain("has no NEW_ONE, OTHER, which this version requires.");
    expect(failure).toContain("npx wrangler secret put NEW_ONE --env staging");
    expect(commands()).toEqual(["secret list"]);
  });

  test("deploys first when there is no database, as after a draft with secrets", async () => {
    account.worker = { TOKEN_KEYS: "ab" };
    await run();
    expect(commands()).toEqual([
      ...["secret list", "d1 migrations apply"],
      ...["deploy", "d1 migrations apply"],
    ]);
    expect(account.worker).toEqual({ TOKEN_KEYS: "ab" });
  });

  test("passes the environment to every command", async () => {
    await run({ environment: "staging" });
    for (const { args } of account.seen) {
      expect(args[args.indexOf("--env") + 1]).toBe("staging");
    }
  });
});

describe("an interrupted deployment is completed by the next", () => {
  const STEPS = ["secret list", "deploy", "d1 migrations apply", "client", "examine"];
  const cases = STEPS.flatMap((command) => {
    return (["before", "after"] as const).map((when) => ({ command, when }));
  }).slice(0, -1);

  test.each(cases)("$command, $when its effect", async (breakage) => {
    account.breakage = breakage;
    const examine = async () => {
      if (breakage.command === "examine") throw new Error("Network connection lost.");
      return CHECKS;
    };
    await expect(run({}, { examine })).rejects.toThrow();
    const keys = account.worker;
    account.breakage = null;
    const deployed = await run();
    expect(deployed.checks).toEqual(CHECKS);
    if (keys !== null) expect(account.worker).toEqual(keys);
    expect(account.worker).toHaveProperty("TOKEN_KEYS");
    expect(await account.tables()).toEqual(expect.arrayContaining(["clients", "users"]));
    const rows = await clients();
    expect(rows).toHaveLength(1);
    const shown = [...said.join("\n").matchAll(/client_secret {2}(\w+)/g)].map(
      ([, one = ""]) => one,
    );
    const record = rows[0]?.secret_record ?? "";
    const checks = shown.map((one) => passwordKinds.clientSecrets.check(one, [record]));
    const matches = (await Promise.all(checks)).filter(({ matched }) => matched !== null);
    expect(matches).toHaveLength(1);
  });
});

describe("the address is", () => {
  test.each([
    [["https://tollgate.example.workers.dev"], "https://tollgate.example.workers.dev"],
    [["login.example.com (custom domain)"], "https://login.example.com"],
    [
      ["login.example.com (custom domain - zone name: example.com)", "https://t.x.workers.dev"],
      "https://login.example.com",
    ],
    [["example.com/o/* (zone name: example.com)"], null],
    [["schedule: 0 * * * *"], null],
    [[], null],
  ])("of %j: %s", async (targets, address) => {
    account.targets = targets;
    expect(await run()).toMatchObject({ address });
  });
});
