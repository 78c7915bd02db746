import { sha256, toHex } from "../crypto/bytes.ts";
import { callWithDeadline } from "../isolate.ts";
import type { FetchClaim, FetchedDocument, FetchedDocuments } from "./fetched-documents-object.ts";

export type { FetchedDocument } from "./fetched-documents-object.ts";

/** Kinds of documents. Each may be fetched once a minute from a host. */
export type DocumentKind = "metadata" | "keys";

/**
 * Documents of other hosts: one Durable Object per host and kind of document. The methods throw
 * Unavailable when the object fails or does not respond in time.
 */
export interface DocumentStore {
  /**
   * Returns a document, or says what to do without it.
   *
   * @param fetchedSinceMs an older copy is not used
   */
  claim(
    kind: DocumentKind,
    url: string,
    fetchedSinceMs: number,
    nowMs: number,
  ): Promise<FetchClaim>;
  /** Stores what was fetched after a claim. */
  store(kind: DocumentKind, url: string, document: FetchedDocument): Promise<void>;
}

/** Builds the {@link DocumentStore} over the Durable Object namespace. */
export function createDocumentStore(
  objects: DurableObjectNamespace<FetchedDocuments>,
): DocumentStore {
  return {
    async claim(kind, url, fetchedSinceMs, nowMs) {
      const key = await keyOf(url);
      return callWithDeadline("document.claim", async () => {
        return await objects.getByName(nameOf(kind, url)).claim(key, fetchedSinceMs, nowMs);
      });
    },
    async store(kind, url, document) {
      const key = await keyOf(url);
      await callWithDeadline("document.store", async () => {
        await objects.getByName(nameOf(kind, url)).store(key, document);
      });
    },
  };
}

/** Ports of a host share one object. */
function nameOf(kind: DocumentKind, url: string): string {
  return `${kind} ${new URL(url).hostname}`;
}

async function keyOf(url: string): Promise<string> {
  return toHex(await sha256(url));
}
