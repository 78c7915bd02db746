import type { Failure, RequestRecord } from "./record.ts";

/** How a request ended, in a word. */
export type Outcome = "ok" | "refused" | "unavailable" | "error";

/** One line of the log: one request, or one call by RPC. Absent fields are left out. */
export interface RequestLine {
  readonly event: "request" | "verify" | "manage";
  readonly request_id: string;
  readonly endpoint?: string | undefined;
  readonly method?: string | undefined;
  readonly status?: number | undefined;
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly error?: string | undefined;
  readonly grant_type?: string | undefined;
  readonly client_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly duration_ms: number;
  readonly d1_calls: number;
  readonly kv_calls: number;
  readonly object_calls: number;
  readonly repeats: number;
  readonly pbkdf2_calls: number;
  readonly hash_ms: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly failure?: Failure | undefined;
}

/** The fields of a {@link RequestLine}, each with its meaning. */
export const REQUEST_FIELDS: Readonly<Record<keyof RequestLine, string>> = {
  event: "`request`; `verify` or `manage` for a call by RPC, to `TokenVerifier` or `Management`",
  request_id: "the `X-Request-Id` of the answer",
  endpoint: "which of the service's paths, or the method of `Management`; absent for no path",
  method: "the HTTP method; `OTHER` for one that no endpoint has",
  status: "the HTTP status; absent for a call by RPC",
  outcome: "`ok`, `refused`, `unavailable` (503) or `error` (500)",
  reason: "why it did not succeed, in the words of [errors.md](errors.md)",
  error: "the `error` that the client was told",
  grant_type: "the grant, of those that the service has",
  client_id: "the client that the request names, if it is registered, proved or not",
  user_id: "`users.id` of the user that the request names, if there is one; never the name",
  duration_ms: "from the request's arrival to its answer",
  d1_calls: "round trips to D1, with those that nobody waits for",
  kv_calls: "operations of KV",
  object_calls: "calls to Durable Objects",
  repeats: "calls that the Worker made once more by itself, beyond those counts",
  pbkdf2_calls:
    "PBKDF2 derivations, of up to 100,000 iterations each in WebCrypto; `pbkdf2.javascript` is a " +
    "longer one, of a record from Django",
  hash_ms: "time in PBKDF2; see below for what Cloudflare's clock shows of it",
  operations: "milliseconds for each operation, by name; those side by side overlap",
  failure: "for `unavailable` and `error`: `name`, `message` or `frames` of what broke",
};

/** What only the end of a request tells. */
export interface Conclusion {
  readonly event: RequestLine["event"];
  readonly outcome: Outcome;
  readonly method?: string;
  readonly status?: number;
}

const METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"];

/** Which kind of operation, by the first word of its name, stands in which count. */
const OBJECT_KINDS = ["family", "assertion", "password", "failures"];

/** Writes the line of a request that ended now. */
export function requestLine(record: RequestRecord, conclusion: Conclusion): RequestLine {
  const { facts, operations } = record;
  const { event, outcome, method, status } = conclusion;
  return {
    event,
    request_id: record.requestId,
    endpoint: facts.endpoint,
    method: method === undefined || METHODS.includes(method) ? method : "OTHER",
    status,
    outcome,
    reason: facts.reason,
    error: facts.error,
    grant_type: facts.grantType,
    client_id: facts.clientId,
    user_id: facts.userId,
    duration_ms: record.clock() - record.startedAtMs,
    d1_calls: totalOf(record, ["d1"]).count,
    kv_calls: totalOf(record, ["kv"]).count,
    object_calls: totalOf(record, OBJECT_KINDS).count,
    repeats: record.repeats,
    pbkdf2_calls: totalOf(record, ["pbkdf2"]).count,
    hash_ms: totalOf(record, ["pbkdf2"]).durationMs,
    operations: Object.fromEntries(
      [...operations].map(([name, { durationMs }]) => [name, durationMs]),
    ),
    failure: facts.failure,
  };
}

/** The outcome that a status stands for. */
export function outcomeOf(status: number): Outcome {
  if (status < 400) return "ok";
  if (status < 500) return "refused";
  return status === 503 ? "unavailable" : "error";
}

function totalOf({ operations }: RequestRecord, kinds: readonly string[]) {
  const total = { count: 0, durationMs: 0 };
  for (const [name, { count, durationMs }] of operations) {
    if (!kinds.includes(name.slice(0, name.indexOf(".")))) continue;
    total.count += count;
    total.durationMs += durationMs;
  }
  return total;
}
