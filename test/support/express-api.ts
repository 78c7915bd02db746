import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { AUDIENCE, type ExampleApi } from "./example-api.ts";
import { isListening, startCommand } from "./running-command.ts";
import { freePort } from "./server.ts";

/** Runs `examples/express`, unmodified, for the tokens of an issuer. */
export async function startExpressApi(issuer: string): Promise<ExampleApi> {
  const port = await freePort();
  const server = join(PROJECT_DIR, "examples/express/server.mjs");
  const command = await startCommand(process.execPath, [server], {
    env: { ISSUER: issuer, AUDIENCE, PORT: String(port) },
    isReady: () => isListening(port),
  });
  return { url: `http://127.0.0.1:${port}/things`, stop: () => command.stop() };
}
