import type { Failure } from "./failure.ts";

/** How a request ended. */
export type Outcome = "ok" | "refused" | "unavailable" | "error";

/** The log line of one request or RPC call. Absent fields are omitted. */
export interface RequestLine {
  readonly event: "request" | "verify" | "manage" | "logout";
  readonly request_id: string;
  readonly endpoint?: string | undefined;
  readonly method?: string | undefined;
  readonly status?: number | undefined;
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly error?: string | undefined;
  readonly grant_type?: string | undefined;
  readonly action?: string | undefined;
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

/** Documentation of each field of a {@link RequestLine}. */
export const REQUEST_FIELDS: Readonly<Record<keyof RequestLine, string>> = {
  event:
    "`request`; `verify` or `manage` for an RPC call to `TokenVerifier` or `Management`; " +
    "`logout` for a try to tell a client of a logout",
  request_id: "the `X-Request-Id` of the response; random for `logout`",
  endpoint: "the endpoint, or the method of `Management`; absent for an unknown path",
  method: "the HTTP method; `OTHER` for one that no endpoint has",
  status: "the HTTP status; absent for an RPC call; for `logout` that of the client's response",
  outcome:
    "`ok`, `refused`, `unavailable` (503) or `error` (500); for `logout`: `refused` ends the " +
    "delivery, `unavailable` is retried",
  reason: "why it failed; [errors.md](errors.md) explains each",
  error: "the `error` in the response",
  grant_type: "the grant, if the service supports it",
  action:
    "what the user chose on a page: `sign_in`, `allow`, `deny`, `continue` or `switch`; on the " +
    "account page `sign_in`, `sign_out`, `end_session`, `end_login`, `end_all` or `revoke`",
  client_id: "the client that the request names, if it is registered; authenticated or not",
  user_id: "`users.id` of the user that the request names, if there is one; never the name",
  duration_ms: "from the request's arrival to its response",
  d1_calls: "round trips to D1, including those after the response",
  kv_calls: "KV operations",
  object_calls: "calls to Durable Objects",
  repeats: "retries by the Worker itself, not included in those counts",
  pbkdf2_calls:
    "PBKDF2 derivations, each of up to 100,000 iterations in WebCrypto; `pbkdf2.javascript` is a " +
    "longer one, for a Django hash",
  hash_ms: "time in PBKDF2; see below for what Cloudflare's clock shows of it",
  operations: "milliseconds of each operation, by name; parallel ones overlap",
  failure: "for `unavailable` and `error`: `name`, and `message` or `frames`, of the error",
};

/** What is known only at the end of a request. */
export interface Conclusion {
  readonly event: RequestLine["event"];
  readonly outcome: Outcome;
  readonly method?: string;
  readonly status?: number;
}
