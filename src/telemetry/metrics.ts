import type { RequestLine } from "./request-line.ts";

/** Where Analytics Engine takes data points: the real binding, or nothing. */
export interface Metrics {
  writeDataPoint(point: DataPoint): void;
}

/** One row of the dataset. */
export interface DataPoint {
  indexes: string[];
  blobs: string[];
  doubles: number[];
}

/** The texts of a data point: `blob1`, `blob2` and so on. Only ever add at the end. */
export const METRIC_BLOBS = [
  "event",
  "endpoint",
  "grant_type",
  "outcome",
  "reason",
  "error",
] as const satisfies readonly (keyof RequestLine)[];

/** The numbers of a data point: `double1`, `double2` and so on. Only ever add at the end. */
export const METRIC_DOUBLES = [
  "status",
  "duration_ms",
  "hash_ms",
  "pbkdf2_calls",
  "d1_calls",
  "kv_calls",
  "object_calls",
] as const satisfies readonly (keyof RequestLine)[];

/** `index1`, by which Analytics Engine samples: each client keeps a fair share of its points. */
export const METRIC_INDEX = "client_id" satisfies keyof RequestLine;

/** The metrics that docs/observability.md has a query for, each with its meaning. */
export const METRICS = {
  grants_by_outcome: "requests to the token endpoint, by grant and outcome",
  reuse_detected: "refresh tokens that came again too late for a lost answer: a login was ended",
  throttled: "requests that were told to slow down (429)",
  hash_time: "PBKDF2 derivations, and the time they took as far as the clock shows",
} as const;

/** Longest index, in bytes. Source: Workers Analytics Engine, "Limits". */
const INDEX_BYTES_MAX = 96;

/** One data point for one request: every metric is a query over the same rows. */
export function dataPoint(line: RequestLine): DataPoint {
  return {
    // Client ids are ASCII.
    indexes: [(line[METRIC_INDEX] ?? "").slice(0, INDEX_BYTES_MAX)],
    blobs: METRIC_BLOBS.map((name) => line[name] ?? ""),
    doubles: METRIC_DOUBLES.map((name) => line[name] ?? 0),
  };
}
