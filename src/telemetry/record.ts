import { AsyncLocalStorage } from "node:async_hooks";
import type { AuditEvent } from "./audit-event.ts";

/**
 * What is learned of a request on the way to its answer. Nothing here may be a caller's own text:
 * names of this service, and ids of clients and users that exist.
 */
export interface Facts {
  /** One of the names in `endpoints/paths.ts`. */
  endpoint?: string;
  /** Of a client that is registered, whether or not it proved to be that client. */
  clientId?: string;
  /** `users.id` of a user that exists, whether or not the password was right. Never the name. */
  userId?: string;
  grantType?: string;
  /** Why there was no success, in the service's own words; see docs/errors.md. */
  reason?: string;
  /** The `error` that the client was told. */
  error?: string;
  failure?: Failure;
}

/** What broke, as far as a log may say. */
export interface Failure {
  readonly name: string;
  readonly message?: string;
  /** Where in the code, for what nobody expects. */
  readonly frames?: readonly string[];
}

/** How often one operation took place in a request, and how long it took altogether. */
export interface Tally {
  count: number;
  /** Of the deployed service's clock, which stands still but for I/O. */
  durationMs: number;
}

/** One request, or one call by RPC, as it goes on. */
export interface RequestRecord {
  readonly requestId: string;
  readonly startedAtMs: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly facts: Facts;
  readonly operations: Map<string, Tally>;
  /** Calls to storage that were made once more by the Worker itself. */
  repeats: number;
  readonly emit: (event: AuditEvent) => void;
}

const records = new AsyncLocalStorage<RequestRecord>();

/** Runs something as a part of the request that a record is about, deferred work included. */
export function withRecord<Result>(record: RequestRecord, run: () => Result): Result {
  return records.run(record, run);
}

/** The record of the request that this is a part of. Outside of one there is none. */
export function currentRecord(): RequestRecord | undefined {
  return records.getStore();
}

/** Adds to what is known of the request. */
export function note(facts: Facts): void {
  const record = records.getStore();
  if (record !== undefined) Object.assign(record.facts, facts);
}

/** Notes that a call to storage is made once more. */
export function noteRepeat(): void {
  const record = records.getStore();
  if (record !== undefined) record.repeats += 1;
}

/**
 * Runs one operation and notes how long it took, whether or not it succeeds.
 *
 * @param operation kind and name, such as `d1.find_accounts`; the kind is what is counted
 */
export async function measure<Result>(
  operation: string,
  run: () => Promise<Result>,
): Promise<Result> {
  const record = records.getStore();
  if (record === undefined) return run();
  const tally = record.operations.get(operation) ?? { count: 0, durationMs: 0 };
  record.operations.set(operation, tally);
  tally.count += 1;
  const startedAtMs = record.clock();
  try {
    return await run();
  } finally {
    tally.durationMs += record.clock() - startedAtMs;
  }
}
