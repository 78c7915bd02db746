import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logInTo, refreshAt, type ServerAnswer } from "../support/ask-server.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownDir } from "../support/own-state.ts";
import { groupGone, run, signalGroup } from "../support/processes.ts";
import { curlLine, type Server, startServer } from "../support/server.ts";

const stateDir = ownDir();

/** Tokens of the first service, for later ones on the same state. */
let loginOfFirst: ServerAnswer;

describe("npm start on new state", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({
      stateDir,
      command: ["npm", "start", "--"],
      args: ["--var", "REFRESH_RETRY:same-successor"],
    });
  });
  afterAll(() => server?.kill());

  test("prints a curl line that bash can run", async () => {
    const { stdout } = await run("bash", ["-c", curlLine(server.running.output()) ?? "exit 1"]);
    expect(JSON.parse(stdout)).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
  });

  test("passes --var to the service", async () => {
    const login = await logInTo(server.url);
    const refreshed = await refreshAt(server.url, login);
    const again = await refreshAt(server.url, login);
    expect(again.status).toBe(200);
    expect(again.body["refresh_token"]).toBe(refreshed.body["refresh_token"]);
  });

  test("reports a port in use in one line, and does not affect the first service", async () => {
    const start = ["src/cli/start.ts", "--port", String(server.port), "--persist-to", stateDir];
    expect(await run(process.execPath, start)).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `Port ${server.port} is in use. ` +
        "Stop the process that uses it, or choose another port: npm start -- --port 9000\n",
    });
    expect(await logInTo(server.url)).toMatchObject({ status: 200 });
  });

  test("leaves no process behind when npm is stopped", async () => {
    loginOfFirst = await logInTo(server.url);
    // npm does not wait for its children; the group is empty once all have ended.
    await server.stop("SIGTERM");
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  });
});

describe("two services at once on the state of an earlier one", () => {
  const registryBefore: Record<string, unknown>[] = [];
  let servers: Server[] = [];
  beforeAll(async () => {
    registryBefore.push(...readRegistry(stateDir));
    servers = await Promise.all([startServer({ stateDir }), startServer({ stateDir })]);
  });
  afterAll(() => {
    for (const server of servers) server.kill();
  });

  test("change neither the demo client nor the demo user", () => {
    expect(registryBefore).toHaveLength(2);
    expect(readRegistry(stateDir)).toEqual(registryBefore);
  });

  test("both serve, and accept the refresh token that the earlier one issued", async () => {
    for (const { url } of servers) expect(await logInTo(url)).toMatchObject({ status: 200 });
    expect(await refreshAt(urls()[0], loginOfFirst)).toMatchObject({ status: 200 });
  });

  test("never both consume the same refresh token", async () => {
    const [one, other] = urls();
    const login = await logInTo(one);
    const answers = await Promise.all([refreshAt(one, login), refreshAt(other, login)]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(statuses[1]).toBeOneOf([400, 503]);
  });

  test("end completely on SIGTERM and on a terminal's interrupt", async () => {
    const [one, other] = servers as [Server, Server];
    expect(await one.stop("SIGTERM")).toMatchObject({ code: 0 });
    expect(await logInTo(other.url)).toMatchObject({ status: 200 });
    const group = other.running.child.pid ?? 0;
    signalGroup(group, "SIGINT");
    await groupGone(group);
    expect(await other.running.ended).toMatchObject({ code: 0 });
  });

  function urls(): [string, string] {
    const [one, other] = servers as [Server, Server];
    return [one.url, other.url];
  }
});
