import type { TestProject } from "vitest/node";
import { startLegacyEndpoint } from "./legacy-endpoint.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Origin of the server that plays the old token endpoint. */
    legacyOrigin: string;
  }
}

/** Starts the old token endpoint that tests inside workerd call. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { origin, stop } = await startLegacyEndpoint();
  provide("legacyOrigin", origin);
  return stop;
}
