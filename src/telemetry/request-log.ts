import { AsyncLocalStorage } from "node:async_hooks";
import { type AuditEvent, type AuditLine, auditLine } from "./audit-event.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { dataPoint, type Metrics } from "./metrics.ts";
import type { Conclusion, Outcome, RequestLine } from "./request-line.ts";

/**
 * What a request's log line says about it. Never a caller's own text: only names of this service,
 * and ids of clients and users that exist.
 */
export interface LogFields {
  /** One of the names in `endpoints/urls.ts`. */
  endpoint?: string;
  /** Of a registered client, authenticated or not. */
  clientId?: string;
  /** `users.id` of an existing user, whether or not the password was right. Never the name. */
  userId?: string;
  grantType?: string;
  /** What the user chose on a page, in a word of this service. */
  action?: string;
  /** Why the request failed, as a word of this service; see docs/errors.md. */
  reason?: string;
  /** The `error` in the response. */
  error?: string;
  failure?: Failure;
}

/** How often one operation took place in a request, and its total time. */
interface OperationTotal {
  count: number;
  /** When deployed, the clock advances only during I/O. */
  durationMs: number;
}

/** The log of one request, or one RPC call, while it is processed. */
export interface RequestLog {
  readonly requestId: string;
  readonly startedAtMs: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly fields: LogFields;
  readonly operations: Map<string, OperationTotal>;
  /** Storage calls that the Worker retried by itself. */
  retries: number;
  readonly emit: (event: AuditEvent) => void;
}

const requestLogs = new AsyncLocalStorage<RequestLog>();

/** Runs a request, deferred work included, with its log. */
export function withRequestLog<Result>(log: RequestLog, run: () => Result): Result {
  return requestLogs.run(log, run);
}

/** The log of the current request; undefined outside of a request. */
export function currentRequestLog(): RequestLog | undefined {
  return requestLogs.getStore();
}

/**
 * Sets fields of the current request's log line. Does nothing outside of a request.
 *
 * @example
 * setLogFields({ clientId: client.clientId });
 */
export function setLogFields(fields: LogFields): void {
  const log = currentRequestLog();
  if (log !== undefined) Object.assign(log.fields, fields);
}

/** Counts a storage call that is retried. */
export function countRetry(): void {
  const log = currentRequestLog();
  if (log !== undefined) log.retries += 1;
}

/**
 * Emits an audit event. Never throws and never waits. Outside of a request the event goes to the
 * log alone, without a time.
 *
 * @example
 * audit({ action: "token_revoked", clientId });
 */
export function audit(event: AuditEvent): void {
  const log = currentRequestLog();
  if (log === undefined) console.log(JSON.stringify(auditLine(event)));
  else log.emit(event);
}

/**
 * Runs an operation and adds its count and duration to the request's log, even if it fails.
 *
 * @param operation kind and name, such as `d1.find_accounts`; counts are per kind
 */
export async function measure<Result>(
  operation: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const log = currentRequestLog();
  if (log === undefined) return run();
  const total = log.operations.get(operation) ?? { count: 0, durationMs: 0 };
  log.operations.set(operation, total);
  total.count += 1;
  const startedAtMs = log.clock();
  try {
    return await run();
  } finally {
    total.durationMs += log.clock() - startedAtMs;
  }
}

/** The queue that also receives audit events, if one is bound. */
export interface AuditQueue {
  send(line: AuditLine): Promise<unknown>;
}

/** What {@link createObserver} needs. */
export interface ObserverDeps {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly auditQueue: AuditQueue | undefined;
  readonly metrics: Metrics | undefined;
  /** Whether successful requests are logged too. */
  readonly logsAll: boolean;
}

/** Logs requests. Never makes one fail. */
export interface Observer {
  /** Starts the log of a request that arrives now. */
  begin(requestId: string): RequestLog;
  /** Writes the log line of a request that ended now, unless it is not logged, and its metrics. */
  end(log: RequestLog, conclusion: Conclusion): void;
}

/** Builds an {@link Observer}. */
export function createObserver(deps: ObserverDeps): Observer {
  const { clock, defer, auditQueue, metrics, logsAll } = deps;
  return {
    begin(requestId) {
      return {
        requestId,
        startedAtMs: clock(),
        clock,
        fields: {},
        operations: new Map(),
        retries: 0,
        emit(event) {
          const line = auditLine(event, requestId, clock());
          console.log(JSON.stringify(line));
          if (auditQueue !== undefined) defer(send(auditQueue, line));
        },
      };
    },

    end(log, conclusion) {
      const { outcome } = conclusion;
      const isLogged = logsAll || outcome !== "ok";
      if (!isLogged && metrics === undefined) return;
      const line = requestLine(log, conclusion);
      const isBroken = outcome === "unavailable" || outcome === "error";
      const write = isBroken ? console.error : console.log;
      if (isLogged) write(JSON.stringify(line));
      try {
        metrics?.writeDataPoint(dataPoint(line));
      } catch (error) {
        logFailure("metrics_failed", error, log.requestId);
      }
    },
  };
}

const METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"];

/** Kinds of operations (the first word of a name) that are calls to Durable Objects. */
const OBJECT_KINDS = ["family", "assertion", "password", "failures", "document", "logout"];

/** Builds the log line of a request that ended now. */
function requestLine(log: RequestLog, conclusion: Conclusion): RequestLine {
  const { fields, operations } = log;
  const { event, outcome, method, status } = conclusion;
  return {
    event,
    request_id: log.requestId,
    endpoint: fields.endpoint,
    method: method === undefined || METHODS.includes(method) ? method : "OTHER",
    status,
    outcome,
    reason: fields.reason,
    error: fields.error,
    grant_type: fields.grantType,
    action: fields.action,
    client_id: fields.clientId,
    user_id: fields.userId,
    duration_ms: log.clock() - log.startedAtMs,
    d1_calls: sumOperations(log, ["d1"]).count,
    kv_calls: sumOperations(log, ["kv"]).count,
    object_calls: sumOperations(log, OBJECT_KINDS).count,
    repeats: log.retries,
    pbkdf2_calls: sumOperations(log, ["pbkdf2"]).count,
    hash_ms: sumOperations(log, ["pbkdf2"]).durationMs,
    operations: Object.fromEntries(
      [...operations].map(([name, { durationMs }]) => [name, durationMs]),
    ),
    failure: fields.failure,
  };
}

/** The outcome of a response with that status. */
export function classifyStatus(status: number): Outcome {
  if (status < 400) return "ok";
  if (status < 500) return "refused";
  return status === 503 ? "unavailable" : "error";
}

function sumOperations({ operations }: RequestLog, kinds: readonly string[]) {
  const total = { count: 0, durationMs: 0 };
  for (const [name, { count, durationMs }] of operations) {
    if (!kinds.includes(name.slice(0, name.indexOf(".")))) continue;
    total.count += count;
    total.durationMs += durationMs;
  }
  return total;
}

/** Async, since a queue may throw synchronously. */
async function send(queue: AuditQueue, line: AuditLine): Promise<void> {
  try {
    await queue.send(line);
  } catch (error) {
    logFailure("audit_queue_failed", error);
  }
}

/** Logs a failure that does not affect the response. */
export function logFailure(
  event:
    | "deferred_failed"
    | "logout_sender_failed"
    | "logout_sweep_failed"
    | "metrics_failed"
    | "audit_queue_failed"
    | "address_limit_failed"
    | "unhealthy",
  error: unknown,
  request_id: string | undefined = currentRequestLog()?.requestId,
): void {
  console.error(JSON.stringify({ event, request_id, failure: describeFailure(error) }));
}
