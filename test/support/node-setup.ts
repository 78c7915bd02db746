import type { TestProject } from "vitest/node";
import { startServer, temporaryDir } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The one service that most tests of the node project share. */
    server: { url: string; stateDir: string };
  }
}

/** Starts the shared service. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { path, remove } = temporaryDir();
  const server = await startServer({ stateDir: path });
  provide("server", { url: server.url, stateDir: path });
  return async () => {
    await server.stop();
    remove();
  };
}
