import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ownDir } from "../support/own-state.ts";
import { createMcpProvider, expectStepUp } from "../support/resource-servers/mcp-provider.ts";
import { freePort } from "../support/server.ts";
import { migratedDatabase, register } from "../support/service-database.ts";
import { newSigningKeys } from "../support/wire.ts";
import { buildWorker, workerdOptions } from "../support/workerd-options.ts";

const CLIENT_ID = "https://client.example/oauth/client.json";
const DOCUMENT = {
  client_id: CLIENT_ID,
  client_name: "SDK",
  // On any port, as Claude Code's says.
  redirect_uris: ["http://localhost/oauth/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "none",
};

/** The other side of the service's `fetch`: the only host is that of the document. */
const INTERNET = `export default {
  fetch({ url }) {
    if (url !== "${CLIENT_ID}") return new Response(null, { status: 404 });
    return Response.json(${JSON.stringify(DOCUMENT)});
  },
};`;

const dir = ownDir();
let miniflare: Miniflare;
let server: string;

beforeAll(async () => {
  const [port, serverPort] = [await freePort(), await freePort()];
  server = `http://127.0.0.1:${serverPort}`;
  const vars = {
    TOKEN_KEYS: "5e".repeat(32),
    PASSWORD_HASH_ROUNDS: 1,
    SCOPES: "notes:read notes:write introspection",
    RESOURCES: JSON.stringify({ [`${server}/mcp`]: "notes:read notes:write" }),
    CIMD: "client.example",
    SIGNING_KEYS: await newSigningKeys("ES256", "RS256"),
  };
  buildWorker(join(dir, "service"));
  const configPath = join(PROJECT_DIR, "examples/mcp-server/wrangler.toml");
  buildWorker(join(dir, "mcp"), { configPath });
  const worker = { modules: true, compatibilityDate: "2026-11-01" };
  const mcp = {
    ...{ ...worker, name: "mcp", scriptPath: join(dir, "mcp/index.js") },
    modulesRoot: join(dir, "mcp"),
    bindings: { ISSUER: `http://127.0.0.1:${port}`, RESOURCE: `${server}/mcp` },
    serviceBindings: { TOKENS: { name: "tollgate", entrypoint: "TokenVerifier" } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: serverPort }],
  };
  const others = [mcp, { ...worker, name: "internet", script: INTERNET }];
  const changes = { others, port, outboundService: "internet" };
  miniflare = new Miniflare(
    workerdOptions(join(dir, "service"), join(dir, "state"), vars, changes),
  );
  await register(await migratedDatabase(miniflare), vars, {
    users: [{ username: "example", password: "example-password" }],
  });
});
afterAll(() => miniflare?.dispose());

test("the SDK's client, known by its document, reads, steps up and refreshes", async () => {
  const provider = createMcpProvider({ clientMetadataUrl: CLIENT_ID });
  await expectStepUp(provider, server);
  expect(provider.stored.client?.client_id).toBe(CLIENT_ID);
});
