import { DurableObject } from "cloudflare:workers";

/** A document of a host, or why there is none. Stored: property names cannot change. */
export interface FetchedDocument {
  /** Null: it could not be used, for the reason in `problem`. */
  readonly text: string | null;
  readonly problem: { readonly kind: string; readonly problem: string } | null;
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
}

/** What a Worker that needs a document does. Property names cannot change. */
export type FetchClaim =
  | { readonly kind: "stored"; readonly document: FetchedDocument }
  /** Fetch it now, and store it. */
  | { readonly kind: "fetch" }
  /** Another Worker is fetching it. */
  | { readonly kind: "pending" }
  /** The host was called within the last minute. */
  | { readonly kind: "busy" };

/** Time between two fetches from a host, in milliseconds: of whichever documents, by any Worker. */
const FETCH_INTERVAL_MS = 60_000;

/** After so long without a result a fetch counts as dropped, in milliseconds. */
const PENDING_MS_MAX = 10_000;

/** Most documents of a host that are kept; the one that expires first is dropped. */
const DOCUMENTS_MAX = 100;

/** The latest fetch. */
interface LatestFetch {
  readonly key: string;
  readonly atMs: number;
  /** Whether it failed, and an older document was kept. */
  readonly hasFailed?: boolean;
}

const LATEST_FETCH = "latest fetch";
const DOCUMENT_PREFIX = "document ";

/**
 * The documents that were fetched from one host. It decides, for all Workers in the world, when the
 * next one is fetched: a user may name any URL, and must not make this service call a host more
 * than once a minute. Each method is one synchronous block.
 */
export class FetchedDocuments extends DurableObject<unknown> {
  /**
   * Returns a document, or says what to do without it.
   *
   * @param key a digest of the URL, so that all keys have the same length
   * @param fetchedSinceMs an older copy is not used
   */
  async claim(key: string, fetchedSinceMs: number, nowMs: number): Promise<FetchClaim> {
    const { kv } = this.ctx.storage;
    const document = kv.get<FetchedDocument>(DOCUMENT_PREFIX + key);
    const storedAtMs = document?.fetchedAtMs ?? Number.NEGATIVE_INFINITY;
    if (document !== undefined && nowMs < document.expiresAtMs && storedAtMs >= fetchedSinceMs) {
      return { kind: "stored", document };
    }
    const latest = kv.get<LatestFetch>(LATEST_FETCH);
    if (latest !== undefined && nowMs < latest.atMs + FETCH_INTERVAL_MS) {
      const isOpen = latest.key === key && storedAtMs < latest.atMs && latest.hasFailed !== true;
      return { kind: isOpen && nowMs < latest.atMs + PENDING_MS_MAX ? "pending" : "busy" };
    }
    kv.put<LatestFetch>(LATEST_FETCH, { key, atMs: nowMs });
    await this.#wakeAt(nowMs + FETCH_INTERVAL_MS);
    return { kind: "fetch" };
  }

  /** Stores what was fetched after a claim. A failure replaces no document that has not expired. */
  async store(key: string, document: FetchedDocument): Promise<void> {
    const { kv } = this.ctx.storage;
    const known = kv.get<FetchedDocument>(DOCUMENT_PREFIX + key);
    const isKnownValid =
      typeof known?.text === "string" && document.fetchedAtMs < known.expiresAtMs;
    if (document.text === null && isKnownValid) {
      const latest = kv.get<LatestFetch>(LATEST_FETCH);
      if (latest?.key === key) kv.put<LatestFetch>(LATEST_FETCH, { ...latest, hasFailed: true });
      return;
    }
    kv.put(DOCUMENT_PREFIX + key, document);
    const documents = this.#documents();
    if (documents.length > DOCUMENTS_MAX) {
      const byExpiry = documents.toSorted(([, a], [, b]) => a.expiresAtMs - b.expiresAtMs);
      kv.delete(byExpiry[0]?.[0] ?? "");
    }
    await this.#wakeAt(document.expiresAtMs);
  }

  /** Removes expired documents, and all storage when none is left. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const { kv } = this.ctx.storage;
    for (const [name, { expiresAtMs }] of this.#documents()) {
      if (expiresAtMs <= nowMs) kv.delete(name);
    }
    const latestMs = kv.get<LatestFetch>(LATEST_FETCH)?.atMs ?? 0;
    const ends = this.#documents().map(([, { expiresAtMs }]) => expiresAtMs);
    if (nowMs < latestMs + FETCH_INTERVAL_MS) ends.push(latestMs + FETCH_INTERVAL_MS);
    if (ends.length === 0) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(Math.min(...ends));
  }

  #documents(): [name: string, document: FetchedDocument][] {
    return [...this.ctx.storage.kv.list<FetchedDocument>({ prefix: DOCUMENT_PREFIX })];
  }

  /** Setting an alarm writes a row, so it is set once; afterwards the alarm sets itself. */
  async #wakeAt(atMs: number): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(atMs);
  }
}
