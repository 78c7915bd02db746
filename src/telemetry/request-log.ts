import { AsyncLocalStorage } from "node:async_hooks";
import { type AuditEvent, auditLine } from "./audit-event.ts";

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

/** What failed, as far as a log may say. */
export interface Failure {
  readonly name: string;
  readonly message?: string;
  /** Where in the code, for an unexpected error. */
  readonly frames?: readonly string[];
}

/** How often one operation took place in a request, and its total time. */
export interface OperationTotal {
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
  const log = requestLogs.getStore();
  if (log !== undefined) Object.assign(log.fields, fields);
}

/** Counts a storage call that is retried. */
export function countRetry(): void {
  const log = requestLogs.getStore();
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
  const log = requestLogs.getStore();
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
  const log = requestLogs.getStore();
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
