import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { askServer, logInTo, refreshAt, type ServerAnswer } from "../support/ask-server.ts";
import { command } from "../support/commands.ts";
import { openLocalDatabase } from "../support/local-database.ts";
import { ownDir } from "../support/own-state.ts";
import { cli } from "../support/processes.ts";
import { applyEntries } from "../support/registry-files.ts";
import { DEMO_CLIENT, DEMO_LOGIN, type Server, startServer } from "../support/server.ts";

const page = readFileSync(join(PROJECT_DIR, "docs/operations.md"), "utf8");

/** Every command line of the page. */
const LINES = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => {
  return block.trimEnd().split("\n");
});

/** Lines that need an account, or are git's. `npm run deploy` has its own tests. */
const ELSEWHERE = [/^npx wrangler /, /^npm run deploy\b/, /^git pull$/, /^npm run .* --remote\b/];

const CLI = "npm run -s cli -- ";
const LOCAL = LINES.filter((line) => !ELSEWHERE.some((pattern) => pattern.test(line)));

const stateDir = ownDir();
let server: Server;
beforeAll(async () => {
  // The tests use a token twice, minutes apart on a slow machine; after the window that ends its login.
  server = await startServer({ stateDir, args: ["--var", "REFRESH_RETRY_WINDOW_SECONDS:600"] });
});
afterAll(() => server?.kill());

describe("docs/operations.md", () => {
  test("has only commands of the operator for this machine, each once", () => {
    expect(LOCAL).toEqual([`${CLI}doctor`, `${CLI}key list`, `${CLI}session end --all`]);
  });

  test.each(LOCAL)("%s works as documented", async (line) => {
    const words = line.replace(CLI, "").split(" ");
    const { code, stdout } = await cli(...words, "--persist-to", stateDir);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\w/) });
  });

  test.each(LINES.filter((line) => line.startsWith(CLI)))("%s is a valid command", async (line) => {
    // Without a login a remote command fails before any request; a wrong word fails sooner.
    const words = line.replace(CLI, "").split(" ");
    const { stderr, stdout } = await command([...words, "--help"]);
    expect(stderr).toBe("");
    for (const option of words.filter((word) => word.startsWith("--"))) {
      expect(stdout).toContain(option);
    }
  });
});

describe("a restore of the database", () => {
  const CREDENTIALS = { grant_type: "client_credentials" };
  /** Its tokens are not stored: only D1 records that one is revoked. */
  const JWT_CLIENT = "jwt-client:secret";
  const NEW_PASSWORD = "a-new-password";
  let snapshot: Record<string, Record<string, string | number | null>[]>;
  let login: ServerAnswer;
  let usedToken: ServerAnswer;
  let clientToken: ServerAnswer;

  beforeAll(async () => {
    usedToken = await logInTo(server.url);
    login = await refreshAt(server.url, usedToken);
    await applyEntries(stateDir, {
      clients: [
        {
          client_id: "jwt-client",
          client_secret: "secret",
          grant_types: ["client_credentials"],
          access_token_format: "jwt",
          audience: ["https://api.example.com"],
        },
      ],
    });
    clientToken = await askServer(server.url, CREDENTIALS, JWT_CLIENT);
    snapshot = readAll();
    await post("/o/revoke_token/", clientToken, JWT_CLIENT);
    const users = [{ username: DEMO_LOGIN.username, password: NEW_PASSWORD }];
    await applyEntries(stateDir, { users });
    expect(await refreshAt(server.url, login)).toMatchObject({ status: 400 });
    expect(await isActive(clientToken)).toBe(false);
    writeAll(snapshot);
  });

  test("revives ended logins, revoked tokens and old passwords, and no used token", async () => {
    expect(await refreshAt(server.url, usedToken)).toMatchObject({ status: 400 });
    const revived = await refreshAt(server.url, login);
    expect(revived).toMatchObject({ status: 200 });
    login = revived;
    expect(await isActive(login)).toBe(true);
    expect(await isActive(clientToken)).toBe(true);
    expect(await logInTo(server.url)).toMatchObject({ status: 200 });
  });

  test("is repaired by session end --all, and by applying later changes", async () => {
    const { code, stdout } = await cli("session", "end", "--all", "--persist-to", stateDir);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "Ended all sessions of 1 users and 2 clients.\n",
    });
    expect(await refreshAt(server.url, login)).toMatchObject({ status: 400 });
    expect(await isActive(login)).toBe(false);
    expect(await isActive(clientToken)).toBe(false);
    const users = [{ username: DEMO_LOGIN.username, password: NEW_PASSWORD }];
    await applyEntries(stateDir, { users });
    expect(await logInTo(server.url)).toMatchObject({ status: 400 });
    const anew = await askServer(server.url, { ...DEMO_LOGIN, password: NEW_PASSWORD });
    expect(await refreshAt(server.url, anew)).toMatchObject({ status: 200 });
    expect(await isActive(await askServer(server.url, CREDENTIALS))).toBe(true);
    expect(await isActive(clientToken)).toBe(false);
  });

  test("session end requires --all, and prints the numbers for programs", async () => {
    const { code, stderr } = await cli("session", "end", "--persist-to", stateDir);
    expect(code).not.toBe(0);
    expect(stderr).toContain("required option '--all' not specified");
    const before = notBefore();
    const { stdout } = await cli("session", "end", "--all", "--json", "--persist-to", stateDir);
    expect(JSON.parse(stdout)).toEqual({ clients: 2, users: 1 });
    const after = notBefore();
    expect(after).toHaveLength(3);
    for (const [index, instant] of after.entries())
      expect(instant).toBeGreaterThan(before[index] ?? 0);
  });

  const TABLES = ["clients", "users", "revoked_access_tokens"];

  function readAll(): typeof snapshot {
    const database = openLocalDatabase(stateDir);
    const all = TABLES.map((table) => [table, database.prepare(`SELECT * FROM ${table}`).all()]);
    database.close();
    return Object.fromEntries(all);
  }

  function writeAll(tables: typeof snapshot): void {
    const database = openLocalDatabase(stateDir);
    database.exec("BEGIN IMMEDIATE");
    for (const [table, rows] of Object.entries(tables)) {
      database.exec(`DELETE FROM ${table}`);
      for (const row of rows) {
        const columns = Object.keys(row);
        const places = columns.map(() => "?").join(", ");
        database
          .prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`)
          .run(...Object.values(row));
      }
    }
    database.exec("COMMIT");
    database.close();
  }

  /** Since when logins of each client and user are valid. */
  function notBefore(): number[] {
    const { clients = [], users = [] } = readAll();
    return [...clients, ...users].map((row) => Number(row["not_before_ms"]));
  }

  async function isActive(answer: ServerAnswer): Promise<unknown> {
    return ((await post("/o/introspect/", answer)) as { active: unknown }).active;
  }

  async function post(
    path: string,
    { body }: ServerAnswer,
    credentials = DEMO_CLIENT,
  ): Promise<unknown> {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(credentials)}` },
      body: new URLSearchParams({ token: body["access_token"] ?? "" }),
    });
    expect(response.status).toBe(200);
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  }
});
