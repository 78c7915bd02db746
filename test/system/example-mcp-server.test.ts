import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { personsEnvironment, start } from "../support/processes.ts";
import {
  connectMcp,
  createMcpProvider,
  expectStepUp,
  finishMcp,
  TOOLS,
} from "../support/resource-servers/mcp-provider.ts";
import { approveWhenAsked } from "../support/resource-servers/mcp-user.ts";
import { type RunningCommand, startCommand } from "../support/running-command.ts";
import { freePort } from "../support/server.ts";

const CLIENT_ID = "example-mcp-client";

const home = mkdtempSync(join(tmpdir(), "tollgate-mcp-"));
/** Clients open no browser. */
const ENVIRONMENT = { BROWSER: "true", MCP_INSPECTOR_SECRET_STORE: "memory" };
let command: RunningCommand;
let issuer: string;
let server: string;

beforeAll(async () => {
  const [port, apiPort] = [String(await freePort()), String(await freePort())];
  issuer = `http://127.0.0.1:${port}`;
  server = `http://127.0.0.1:${apiPort}`;
  const options = ["--port", port, "--api-port", apiPort, "--persist-to", join(home, "state")];
  command = await startCommand("npm", ["run", "example", "--", "mcp", ...options], {
    cwd: PROJECT_DIR,
    isReady: (output) => output.includes("explains how to connect a client"),
  });
});

afterAll(async () => {
  await command?.stop();
  rmSync(home, { recursive: true, force: true });
});

test("the page explains how to connect each client", async () => {
  const page = await (await fetch(server)).text();
  for (const client of ["claude.ai", "Claude Code", "ChatGPT", "VS Code", "Cursor", "mcp-remote"]) {
    expect(page).toContain(client);
  }
  expect(page).toContain(`claude mcp add --transport http notes ${server}/mcp`);
});

test("a request without a token learns where to get one, and for which scope", async () => {
  const response = await fetch(`${server}/mcp`, { method: "POST" });
  expect(response.status).toBe(401);
  const metadataUrl = `${server}/.well-known/oauth-protected-resource/mcp`;
  const challenge = response.headers.get("WWW-Authenticate");
  expect(challenge).toContain(`resource_metadata="${metadataUrl}"`);
  expect(challenge).toContain('scope="notes:read"');
  expect(await (await fetch(metadataUrl)).json()).toMatchObject({
    resource: `${server}/mcp`,
    scopes_supported: ["notes:read", "notes:write"],
  });
});

const CONFORMANCE = join(PROJECT_DIR, "test/support/tools/node_modules/.bin/conformance");
const hasConformance = existsSync(CONFORMANCE) || process.env["CI"] === "true";
const title = "the service passes MCP's conformance suite of authorization servers";
const reason = "skipped: npm ci --prefix test/support/tools";

test.runIf(hasConformance)(hasConformance ? title : `${title} (${reason})`, async () => {
  const port = String(await freePort());
  const registration = await fetch(`${issuer}/o/register/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
      token_endpoint_auth_method: "none",
    }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const options = ["--url", issuer, "--client-id", client_id, "--port", port];
  const suite = start(CONFORMANCE, ["authorization", ...options, "--resource", `${server}/mcp`]);
  await approveWhenAsked(suite.output, suite.ended);
  const { code, stdout } = await suite.ended;
  expect(code, suite.output()).toBe(0);
  expect(stdout).toContain("Total: 3 passed, 0 failed");
});

describe.each([
  ["a client that an operator registered", CLIENT_ID],
  ["a client that registers itself", null],
])("%s", (_, clientId) => {
  // Where clients keep their files.
  const environment = { ...ENVIRONMENT, HOME: join(home, clientId ?? "own") };
  test("MCP Inspector lists the tools", async () => {
    const args = ["--cli", `${server}/mcp`, "--transport", "http", "--format", "json"];
    const inspector = start(
      "mcp-inspector",
      [...args, "--method", "tools/list", ...(clientId === null ? [] : ["--client-id", clientId])],
      { env: { ...environment, MCP_AUTO_OPEN_ENABLED: "true" } },
    );
    await approveWhenAsked(inspector.output, inspector.ended);
    const { code, stdout } = await inspector.ended;
    expect(code, inspector.output()).toBe(0);
    for (const tool of TOOLS) expect(stdout).toContain(tool);
  });

  test("mcp-remote reads, and asks for more to write", async () => {
    const info = JSON.stringify({ client_id: clientId });
    const port = String(await freePort());
    const transport = new StdioClientTransport({
      command: "mcp-remote",
      args: [
        ...[`${server}/mcp`, port],
        ...(clientId === null ? [] : ["--static-oauth-client-info", info]),
      ],
      env: { ...personsEnvironment(), ...environment } as Record<string, string>,
      stderr: "pipe",
    });
    let output = "";
    transport.stderr?.on("data", (chunk) => {
      output += String(chunk);
    });
    const client = new Client({ name: "test", version: "1" });
    const used = client.connect(transport).then(async () => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(TOOLS);
      await client.callTool({ name: "add_note", arguments: { note: "buy milk" } });
    });
    // To read, and then to write too.
    await approveWhenAsked(() => output, used, 2);
    await used;
    const { content } = await client.callTool({ name: "list_notes", arguments: {} });
    expect(content).toEqual([{ type: "text", text: expect.stringMatching(/buy milk$/) }]);
    await client.close();
  });

  test("the SDK's client reads, asks for more to write, and refreshes", async () => {
    const known = clientId === null ? {} : { client: { client_id: clientId, issuer } };
    await expectStepUp(createMcpProvider(known), server);
  });
});

test("the SDK's client registers again when its id is unknown", async () => {
  const provider = createMcpProvider();
  const client = await connectMcp(provider, server);
  const { client: registered, tokens } = provider.stored;
  provider.stored.client = { ...registered, client_id: "unknown" };
  provider.stored.tokens = { ...tokens, access_token: "expired", token_type: "Bearer" };
  await expect(client.listTools()).rejects.toThrow();
  expect(provider.stored.client?.client_id).toMatch(/^tgd_/);
  await finishMcp(provider, server);
  const again = await connectMcp(provider, server);
  expect((await again.listTools()).tools).toHaveLength(TOOLS.length);
  await Promise.all([client.close(), again.close()]);
});
