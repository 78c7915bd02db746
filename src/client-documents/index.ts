import type { RegistrationMetadata } from "../clients/registration-metadata.ts";
import { BoundedMap, InFlight } from "../isolate.ts";
import { problemOfPublicUrl } from "../protocol/public-url.ts";
import type { DocumentKind, DocumentStore, FetchedDocument } from "../storage/fetched-documents.ts";
import { type DocumentProblem, FETCH_DEADLINE_MS, fetchDocument } from "./fetch-document.ts";
import { type DocumentPolicy, documentUrlProblem } from "./policy.ts";
import { type KeySet, type Outcome, readClientDocument, readKeySet } from "./read-document.ts";

export type { DocumentProblem } from "./fetch-document.ts";
export type { Outcome } from "./read-document.ts";

/** Longest document of each kind, in bytes: a key set may have 16 keys with certificates. */
const BYTES_MAX: Readonly<Record<DocumentKind, number>> = { metadata: 5 * 1024, keys: 16 * 1024 };

/** How long a failure is kept, in milliseconds. */
const FAILURE_MS = 60_000;

/** Most documents of each kind that an isolate keeps, and most that requests wait for. */
const DOCUMENTS_MAX = 200;

/** Polling interval while another request or another isolate fetches, in milliseconds. */
const POLL_MS = 100;

/** Most polls for the fetch of another isolate: a little longer than it may take. */
const POLLS_MAX = (1.2 * FETCH_DEADLINE_MS) / POLL_MS;

/** After so long a lookup of a dropped request counts as ended, in milliseconds. */
const LOOKUP_MS_MAX = 4 * FETCH_DEADLINE_MS;

/**
 * The documents of clients that no operator registered. They are kept in the isolate, and for all
 * isolates in an object of the host, which lets one fetch a minute happen. In each method `ownHost`
 * is the host that the request came to.
 */
export interface ClientDocuments {
  /**
   * The metadata document whose URL is a client id. Only for a request with a browser session, a
   * code or a refresh token: others must not make the service fetch.
   *
   * @param fetchedSinceMs an older copy is not used
   * @throws Unavailable when storage fails
   */
  find(
    url: string,
    ownHost: string,
    fetchedSinceMs?: number,
  ): Promise<Outcome<RegistrationMetadata>>;
  /**
   * What is known without a fetch, so that any request may ask: a URL that is not allowed, or what
   * this isolate has kept; null: nothing.
   */
  cached(url: string, ownHost: string): Outcome<RegistrationMetadata> | null;
  /**
   * The keys at a client's `jwks_uri`. Their hosts are not limited by `CIMD`: a host that is
   * trusted to describe a client also says where its keys are.
   *
   * @param fetchedSinceMs an older copy is not used, where its keys did not verify a signature
   * @throws Unavailable when storage fails
   */
  findKeys(jwksUri: string, ownHost: string, fetchedSinceMs?: number): Promise<Outcome<KeySet>>;
}

/** What {@link createClientDocuments} needs. */
export interface ClientDocumentsOptions {
  readonly policy: DocumentPolicy;
  readonly store: DocumentStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Builds {@link ClientDocuments} that have nothing cached. */
export function createClientDocuments(options: ClientDocumentsOptions): ClientDocuments {
  const metadata = createCache("metadata", readClientDocument, options);
  const keys = createCache("keys", (_, text) => readKeySet(text), options);
  const { policy } = options;
  return {
    async find(url, ownHost, fetchedSinceMs = 0) {
      const problem = rejected(documentUrlProblem(url, policy, ownHost));
      return problem ?? metadata.find(url, fetchedSinceMs);
    },
    cached(url, ownHost) {
      return rejected(documentUrlProblem(url, policy, ownHost)) ?? metadata.cached(url, 0);
    },
    async findKeys(url, ownHost, fetchedSinceMs = 0) {
      return rejected(problemOfPublicUrl(url, ownHost)) ?? keys.find(url, fetchedSinceMs);
    },
  };
}

/** A document in the memory of an isolate. */
interface Kept<Value> {
  readonly outcome: Outcome<Value>;
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
}

function createCache<Value>(
  kind: DocumentKind,
  read: (url: string, text: string) => Outcome<Value>,
  { store, clock, wait, defer }: ClientDocumentsOptions,
) {
  const documents = new BoundedMap<Kept<Value>>(DOCUMENTS_MAX);
  const lookups = new BoundedMap<InFlight>(DOCUMENTS_MAX);

  function cached(url: string, fetchedSinceMs: number): Outcome<Value> | null {
    const kept = documents.get(url);
    const isUsable =
      kept !== undefined && clock() < kept.expiresAtMs && kept.fetchedAtMs >= fetchedSinceMs;
    return isUsable ? kept.outcome : null;
  }

  function keep(url: string, { text, problem, ...times }: FetchedDocument): Outcome<Value> {
    const outcome = text === null ? asProblem(problem) : read(url, text);
    documents.set(url, { outcome, ...times });
    return outcome;
  }

  async function fetchNow(
    url: string,
    fetchedSinceMs: number,
    nowMs: number,
  ): Promise<Outcome<Value>> {
    const fetched = await fetchDocument(url, BYTES_MAX[kind], nowMs);
    const outcome = fetched.kind === "fetched" ? read(url, fetched.text) : fetched;
    const isValid = fetched.kind === "fetched" && outcome.kind === "valid";
    const document: FetchedDocument = {
      text: isValid ? fetched.text : null,
      problem: outcome.kind === "valid" ? null : outcome,
      fetchedAtMs: nowMs,
      expiresAtMs: nowMs + (isValid ? fetched.lifetimeMs : FAILURE_MS),
    };
    defer(store.store(kind, url, document));
    // There may be an older copy that is valid for other requests.
    if (!isValid && fetchedSinceMs > 0) return outcome;
    return keep(url, document);
  }

  async function lookUp(url: string, fetchedSinceMs: number): Promise<Outcome<Value>> {
    for (let polls = 0; polls < POLLS_MAX; polls += 1) {
      const nowMs = clock();
      const claim = await store.claim(kind, url, fetchedSinceMs, nowMs);
      if (claim.kind === "fetch") {
        const fetching = fetchNow(url, fetchedSinceMs, nowMs);
        // Also for a caller that disconnects: a retry within the minute could not fetch again.
        defer(fetching);
        return fetching;
      }
      if (claim.kind === "stored") return keep(url, claim.document);
      if (claim.kind === "busy") break;
      await wait(POLL_MS);
    }
    return BUSY;
  }

  /** One request of the isolate looks up; the others poll for what it keeps. */
  async function find(url: string, fetchedSinceMs: number): Promise<Outcome<Value>> {
    let found = cached(url, fetchedSinceMs);
    if (found !== null) return found;
    const queue = lookups.get(url) ?? new InFlight(LOOKUP_MS_MAX, clock);
    lookups.set(url, queue);
    const own = queue.begin();
    try {
      while (found === null && queue.countBefore(own) > 0) {
        await wait(POLL_MS);
        queue.touch(own);
        found = cached(url, fetchedSinceMs);
      }
      return found ?? (await lookUp(url, fetchedSinceMs));
    } finally {
      queue.end(own);
    }
  }

  return { cached, find };
}

function rejected(problem: string | null): DocumentProblem | null {
  return problem === null ? null : { kind: "rejected", problem };
}

const BUSY: DocumentProblem = {
  kind: "busy",
  problem: "cannot be fetched now: its host was called within the last minute",
};

/** A stored problem, perhaps of a later version of this service. */
function asProblem(problem: FetchedDocument["problem"]): DocumentProblem {
  const kind = problem?.kind === "invalid" ? "invalid" : "unreachable";
  return { kind, problem: problem?.problem ?? "could not be fetched" };
}
