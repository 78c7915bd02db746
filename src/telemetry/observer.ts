import { type AuditLine, auditLine } from "./audit-event.ts";
import { describeFailure } from "./failure.ts";
import { dataPoint, type Metrics } from "./metrics.ts";
import type { Conclusion, Outcome, RequestLine } from "./request-line.ts";
import { currentRequestLog, type RequestLog } from "./request-log.ts";

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

/** A `cf-ray`: 64 bits in hexadecimal, then the data centre. */
const CF_RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/**
 * The id of a request: Cloudflare's `cf-ray`, which is also in Cloudflare's own logs, and which a
 * caller cannot set. A caller's `X-Request-Id` is ignored: it could repeat another request's id.
 *
 * @param newId makes the id where there is no Cloudflare in front
 */
export function chooseRequestId(headers: Headers, newId: () => string): string {
  const ray = headers.get("cf-ray");
  return ray !== null && CF_RAY.test(ray) ? ray : newId();
}
