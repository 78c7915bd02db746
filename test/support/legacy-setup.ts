import type { TestProject } from "vitest/node";
import { startDocumentHosts } from "./document-hosts.ts";
import { startLegacyEndpoint } from "./legacy-endpoint.ts";
import { startLogoutReceiver } from "./logout-receiver.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Origin of the server that plays the old token endpoint. */
    legacyOrigin: string;
    /** Origin of the server that plays the hosts of clients' documents. */
    documentsOrigin: string;
    /** Origin of the server that plays clients which receive logout tokens. */
    receiverOrigin: string;
  }
}

/** Starts the servers that tests inside workerd call. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [legacy, documents, receiver] = await Promise.all([
    startLegacyEndpoint(),
    startDocumentHosts(),
    startLogoutReceiver(),
  ]);
  provide("legacyOrigin", legacy.origin);
  provide("documentsOrigin", documents.origin);
  provide("receiverOrigin", receiver.origin);
  return async () => {
    await Promise.all([legacy.stop(), documents.stop(), receiver.stop()]);
  };
}
