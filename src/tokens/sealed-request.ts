import { sealedKind } from "./sealed-json.ts";

/**
 * An authorization request in the hidden field of a page: nothing is stored before the user signs
 * in. It proves that this service checked the request and showed the page to this browser.
 */
export interface SealedRequest {
  /** The issuer that showed the page. */
  readonly issuerUrl: string;
  /** SHA-256 of the cookie that identifies the browser. */
  readonly browserDigest: string;
  /** When the request arrived first, in milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** The family that every code of this request would begin: so at most one login comes of it. */
  readonly familyId: string;
  /** The parameters of the request, as a query. They are validated again at each step. */
  readonly query: string;
  /** Of a page that names its user: who has to be signed in still. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** Of a consent page: a digest of what it asked for. Pages of earlier versions have none. */
  readonly consentDigest: string | null;
}

/** How a sealed request begins. */
const REQUEST_PREFIX = "tgi_";

/** Purpose of the ring that seals requests. */
export const REQUEST_PURPOSE = "authorization request";

/** How long a page can be submitted, in milliseconds. Afterwards it is shown again. */
export const REQUEST_MS = 86_400_000;

/** Longest query of an authorization request, in bytes. */
export const QUERY_BYTES_MAX = 6000;

/** Room for the query and everything else. */
const SEALED_LENGTH_MAX = 12_000;

/** Writes a request into a page, and reads it. */
export const REQUEST = sealedKind<SealedRequest>(REQUEST_PREFIX, SEALED_LENGTH_MAX);
