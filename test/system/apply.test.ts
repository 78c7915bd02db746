import { afterEach, describe, expect, inject, test } from "vitest";
import { askServer, refreshAt } from "../support/ask-server.ts";
import { openLocalDatabase, readRegistry } from "../support/local-database.ts";
import { applyByCommand, applyEntries } from "../support/registry-files.ts";
import { INVALID_GRANT } from "../support/responses.ts";

// The shared service runs on this state: what is applied must work at once.
const { url, stateDir } = inject("server");

let number = 0;

/** Names that no other test uses. */
function fresh() {
  number += 1;
  const [clientId, username] = [`applied-client-${number}`, `applied-user-${number}`];
  const client = { client_id: clientId, client_secret: "first-secret" };
  const user = { username, password: "first-password" };
  const login = { grant_type: "password", username, password: user.password };
  return { client, user, login, credentials: `${clientId}:${client.client_secret}` };
}

describe("cli apply", () => {
  test("creates a client and a user that can log in at once", async () => {
    const { client, user, login, credentials } = fresh();
    expect(await askServer(url, login, credentials)).toMatchObject({ status: 401 });
    const entries = { clients: [client], users: [user] };
    expect(await applyByCommand(stateDir, entries)).toEqual({
      code: 0,
      stdout:
        `created    client  ${client.client_id}\n` +
        `created    user  ${user.username}\n` +
        "2 created, 0 updated, 0 unchanged\n",
      stderr: "",
    });
    expect(await askServer(url, login, credentials)).toMatchObject({ status: 200 });
  });

  test("changes nothing the second time, not even a salt", async () => {
    const { client, user } = fresh();
    const entries = { clients: [client], users: [user] };
    await applyEntries(stateDir, entries);
    const before = rowsOf(client.client_id, user.username);
    const { stdout } = await applyByCommand(stateDir, entries);
    expect(stdout).toContain("0 created, 0 updated, 2 unchanged\n");
    expect(before).toHaveLength(2);
    expect(rowsOf(client.client_id, user.username)).toEqual(before);
  });

  test("updates what differs and does not change what the file does not name", async () => {
    const { client, user, login, credentials } = fresh();
    await applyEntries(stateDir, { clients: [client], users: [user] });
    const [clientBefore] = rowsOf(client.client_id);
    const users = [{ ...user, password: "second-password" }];
    const printed = await applyEntries(stateDir, { users });
    expect(printed).toContain(`updated    user  ${user.username}\n0 created, 1 updated`);
    expect(rowsOf(client.client_id)).toEqual([clientBefore]);
    expect(await askServer(url, login, credentials)).toMatchObject({ status: 400 });
    const newLogin = { ...login, password: "second-password" };
    expect(await askServer(url, newLogin, credentials)).toMatchObject({ status: 200 });
  });

  test("replaces a client's secret at once", async () => {
    const { client, user, login, credentials } = fresh();
    await applyEntries(stateDir, { clients: [client], users: [user] });
    expect(await askServer(url, login, credentials)).toMatchObject({ status: 200 });
    await applyEntries(stateDir, { clients: [{ ...client, client_secret: "second-secret" }] });
    expect(await askServer(url, login, credentials)).toMatchObject({ status: 401 });
    const newCredentials = `${client.client_id}:second-secret`;
    expect(await askServer(url, login, newCredentials)).toMatchObject({ status: 200 });
  });

  test("ends the sessions of a user that it makes inactive", async () => {
    const { client, user, login, credentials } = fresh();
    await applyEntries(stateDir, { clients: [client], users: [user] });
    const answer = await askServer(url, login, credentials);
    await applyEntries(stateDir, { users: [{ ...user, is_active: false }] });
    const refusal = { status: 400, body: INVALID_GRANT.body };
    expect(await refreshAt(url, answer, credentials)).toEqual(refusal);
  });

  test("accepts a file of more entries than D1 binds, twice", async () => {
    const names = Array.from({ length: 101 }, (_, index) => `many-${index}`);
    const clients = names.map((client_id) => ({ client_id, client_secret: `secret-${client_id}` }));
    const first = await applyEntries(stateDir, { clients });
    expect(first).toMatch(/\n101 created, 0 updated, 0 unchanged$/);
    const second = await applyEntries(stateDir, { clients });
    expect(second).toMatch(/\n0 created, 0 updated, 101 unchanged$/);
  });

  test("accepts a byte order mark, as some editors write it", async () => {
    const { client } = fresh();
    const content = `\uFEFF${JSON.stringify({ clients: [client] })}`;
    const { code, stdout } = await applyByCommand(stateDir, content);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("1 created") });
  });

  test("twice at once creates a client once", async () => {
    const { client } = fresh();
    const entries = { clients: [client] };
    const both = await Promise.all([
      applyByCommand(stateDir, entries),
      applyByCommand(stateDir, entries),
    ]);
    expect(both.map(({ stdout }) => stdout.split(" ")[0]).sort()).toEqual(["created", "unchanged"]);
  });
});

describe("cli apply, when D1 fails half-way", () => {
  const doomed = { username: "doomed", password: "doomed-password" };
  afterEach(() => execute("DROP TRIGGER IF EXISTS doom"));

  test("writes nothing, and says what failed in one line", async () => {
    execute(
      "CREATE TRIGGER doom BEFORE INSERT ON users WHEN NEW.username = 'doomed' " +
        "BEGIN SELECT RAISE(ABORT, 'doomed'); END",
    );
    const { client, user } = fresh();
    const entries = { clients: [client], users: [user, doomed] };
    const { code, stdout, stderr } = await applyByCommand(stateDir, entries);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^d1\.write_registry failed: .*doomed.*\n$/);
    expect(rowsOf(client.client_id, user.username)).toEqual([]);
  });

  function execute(sql: string): void {
    const database = openLocalDatabase(stateDir);
    database.exec(sql);
    database.close();
  }
});

function rowsOf(...names: string[]): Record<string, unknown>[] {
  return readRegistry(stateDir).filter((row) => {
    return names.includes(String(row["client_id"] ?? row["username"]));
  });
}
