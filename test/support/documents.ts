import { beforeEach, inject, vi } from "vitest";
import type { DocumentCall, HostedDocument } from "./document-hosts.ts";

/**
 * Sends every https request of a file's tests to the server of document-hosts.ts: its name is in no
 * DNS, and it has no certificate. All else of the platform's `fetch` is real.
 */
export function routeDocuments(): void {
  beforeEach(() => {
    const { fetch } = globalThis;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const url = String(input);
      const isDocument = typeof input === "string" && url.startsWith("https://");
      return fetch(isDocument ? `${origin()}/${url.slice("https://".length)}` : input, init);
    });
    return () => spy.mockRestore();
  });
}

/** Sets what a host returns for a URL. */
export async function host(url: string, document: HostedDocument): Promise<void> {
  await ask("PUT", url, JSON.stringify(document));
}

/** Requests for the documents of a host, in order. */
export async function callsTo(hostname: string): Promise<DocumentCall[]> {
  return (await ask("GET", hostname)).json();
}

/** A host that no other test uses. */
export function newHost(): string {
  return `h${crypto.randomUUID()}.example`;
}

function ask(method: string, named: string, body?: string): Promise<Response> {
  return fetch(`${origin()}/?${encodeURIComponent(named)}`, { method, body: body ?? null });
}

function origin(): string {
  return inject("documentsOrigin");
}
