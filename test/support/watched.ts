import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import type { AuditLine } from "../../src/telemetry/audit-event.ts";
import type { DataPoint, Metrics } from "../../src/telemetry/metrics.ts";
import type { RequestLine } from "../../src/telemetry/request-line.ts";
import type { AuditQueue } from "../../src/telemetry/request-log.ts";

/** What the tests' own deployment has; see vitest-projects.ts. */
interface TestBindings {
  readonly TEST_AUDIT_EVENTS: Queue;
  readonly TEST_METRICS: AnalyticsEngineDataset;
  readonly TEST_DELIVERED: KVNamespace;
}

const bindings = env as Env & TestBindings;

/** Everything that a service has logged and reported. */
interface Watched {
  /** Every call to any method of `console`, in order. */
  readonly console: readonly { readonly method: string; readonly words: unknown[] }[];
  readonly queue: readonly AuditLine[];
  readonly points: readonly DataPoint[];
  /** The lines of the log for requests, in order. */
  requests(): RequestLine[];
  /** Those for calls by RPC. */
  verifications(): RequestLine[];
  /** Those for tries to tell a client of a logout. */
  logouts(): RequestLine[];
  /** The lines of the log for audit events, in order. */
  audits(): AuditLine[];
  /** The lines of the log for what failed outside a request's own work. */
  failures(): object[];
}

const METHODS = ["debug", "dir", "error", "info", "log", "table", "trace", "warn"] as const;

/** The real queue and dataset of a service, whose messages {@link watch} sees too. */
export const WATCHING: { AUDIT_EVENTS: AuditQueue; METRICS: Metrics } = {
  AUDIT_EVENTS: {
    send(line) {
      seen.queue.push(line);
      return bindings.TEST_AUDIT_EVENTS.send(line);
    },
  },
  METRICS: {
    writeDataPoint(point) {
      seen.points.push(point);
      bindings.TEST_METRICS.writeDataPoint(point);
    },
  },
};

const seen = {
  console: [] as { method: string; words: unknown[] }[],
  queue: [] as AuditLine[],
  points: [] as DataPoint[],
};

/** Keeps what is said in each test of a file, and nothing of it from the test before. */
export function watch(): Watched {
  beforeEach(() => {
    for (const all of Object.values(seen)) all.length = 0;
    for (const method of METHODS) {
      vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
        seen.console.push({ method, words });
      });
    }
  });
  afterEach(() => vi.restoreAllMocks());
  const linesOf = (event: string) => {
    const lines = seen.console.map(({ words }) => JSON.parse(String(words)));
    return lines.filter((line) => line.event === event);
  };
  return {
    ...seen,
    requests: () => linesOf("request"),
    verifications: () => linesOf("verify"),
    logouts: () => linesOf("logout"),
    audits: () => linesOf("audit"),
    failures: () => {
      return ["audit_queue_failed", "deferred_failed", "metrics_failed"].flatMap(linesOf);
    },
  };
}

/** What the queue has delivered to its consumer so far. */
export async function delivered(): Promise<AuditLine[]> {
  const { keys } = await bindings.TEST_DELIVERED.list();
  const lines = keys.map(({ name }) => bindings.TEST_DELIVERED.get<AuditLine>(name, "json"));
  return (await Promise.all(lines)).filter((line) => line !== null);
}
