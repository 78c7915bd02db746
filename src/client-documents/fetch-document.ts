import { fromUtf8, readLimited } from "../crypto/bytes.ts";
import { Unavailable } from "../errors/refusal.ts";
import { callWithDeadline } from "../isolate.ts";
import { USER_AGENT } from "../protocol/names.ts";
import { cacheLifetimeMs } from "./cache-lifetime.ts";

/** Deadline of headers and body together, in milliseconds. */
export const FETCH_DEADLINE_MS = 5_000;

/** What the owner of a document sees of this service. */
const HEADERS = {
  Accept: "application/json",
  "User-Agent": `${USER_AGENT} (OAuth client metadata)`,
} as const;

/** `application/json`, or a type that is JSON by its suffix (RFC 6839 §3.1). */
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i;

/** Why there is no document. */
export interface DocumentProblem {
  /**
   * `rejected`: its URL is not allowed. `invalid`: the document must be changed. `unreachable`:
   * perhaps later. `busy`: in a minute.
   */
  readonly kind: "rejected" | "invalid" | "unreachable" | "busy";
  /**
   * For the developer of the client. Completes a sentence such as "the document ...". Printable
   * ASCII; may contain a redirect URI of the document, so it is not for the log.
   */
  readonly problem: string;
}

/** A document as it was fetched, and how long it may be kept. */
export interface FetchedText {
  readonly kind: "fetched";
  readonly text: string;
  readonly lifetimeMs: number;
}

/**
 * Fetches a document whose URL a caller chose. The request has no credentials, and no redirect is
 * followed: it could lead to a host that the URL itself may not have.
 *
 * @param url checked by `problemOfPublicUrl`
 * @param bytesMax nothing is read beyond it. The body counts as it is after decompression
 */
export async function fetchDocument(
  url: string,
  bytesMax: number,
  nowMs: number,
): Promise<FetchedText | DocumentProblem> {
  const controller = new AbortController();
  const run = () => request(url, bytesMax, nowMs, controller.signal);
  try {
    return await callWithDeadline("client.fetch_document", run, FETCH_DEADLINE_MS);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { kind: "unreachable", problem: "could not be fetched within 5 seconds" };
  } finally {
    // Whatever of the response was not read is not wanted.
    controller.abort();
  }
}

async function request(
  url: string,
  bytesMax: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<FetchedText | DocumentProblem> {
  const response = await fetch(url, { headers: HEADERS, redirect: "manual", signal });
  const { status, headers, body } = response;
  if (status >= 300 && status < 400) return invalid("is a redirect");
  if (status !== 200) return { kind: "unreachable", problem: `has status ${status}` };
  if (!JSON_TYPE.test(headers.get("Content-Type") ?? "")) {
    return invalid("has a Content-Type other than application/json");
  }
  const bytes = await readLimited(body, bytesMax);
  if (bytes === null) return invalid(`is longer than ${bytesMax} bytes`);
  const text = fromUtf8(bytes);
  if (text === null) return invalid("is not UTF-8");
  return { kind: "fetched", text, lifetimeMs: cacheLifetimeMs(headers, nowMs) };
}

function invalid(problem: string): DocumentProblem {
  return { kind: "invalid", problem };
}
