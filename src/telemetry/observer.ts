import { type AuditLine, auditLine } from "./audit-event.ts";
import { describeFailure } from "./failure.ts";
import { dataPoint, type Metrics } from "./metrics.ts";
import { currentRecord, type RequestRecord } from "./record.ts";
import { type Conclusion, requestLine } from "./request-line.ts";

/** Where audit events go besides the log: the real queue, or nothing. */
export interface AuditQueue {
  send(line: AuditLine): Promise<unknown>;
}

/** What an {@link Observer} works with. */
export interface ObserverDeps {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Lets work go on after the answer; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly auditQueue: AuditQueue | undefined;
  readonly metrics: Metrics | undefined;
  /** Whether a request that succeeds writes a line. */
  readonly logsAll: boolean;
}

/** Watches requests, and writes down what they did. Neither half ever fails a request. */
export interface Observer {
  /** Begins the record of a request that arrives now. */
  begin(requestId: string): RequestRecord;
  /** Writes the line of a request that ended now, if it is logged, and its data point. */
  end(record: RequestRecord, conclusion: Conclusion): void;
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
        facts: {},
        operations: new Map(),
        repeats: 0,
        emit(event) {
          const line = auditLine(event, requestId, clock());
          console.log(JSON.stringify(line));
          if (auditQueue !== undefined) defer(send(auditQueue, line));
        },
      };
    },

    end(record, conclusion) {
      const { outcome } = conclusion;
      const isLogged = logsAll || outcome !== "ok";
      if (!isLogged && metrics === undefined) return;
      const line = requestLine(record, conclusion);
      const isBroken = outcome === "unavailable" || outcome === "error";
      const write = isBroken ? console.error : console.log;
      if (isLogged) write(JSON.stringify(line));
      try {
        metrics?.writeDataPoint(dataPoint(line));
      } catch (error) {
        logFailure("metrics_failed", error, record.requestId);
      }
    },
  };
}

/** A queue may throw at once. */
async function send(queue: AuditQueue, line: AuditLine): Promise<void> {
  try {
    await queue.send(line);
  } catch (error) {
    logFailure("audit_queue_failed", error);
  }
}

/** Logs what went wrong beside a request, where no client learns of it. */
export function logFailure(
  event:
    | "deferred_failed"
    | "metrics_failed"
    | "audit_queue_failed"
    | "address_limit_failed"
    | "unhealthy",
  error: unknown,
  request_id: string | undefined = currentRecord()?.requestId,
): void {
  console.error(JSON.stringify({ event, request_id, failure: describeFailure(error) }));
}
