import type { RequestLine } from "./request-line.ts";

/** The Analytics Engine binding. */
export interface Metrics {
  writeDataPoint(point: DataPoint): void;
}

/** One row of the dataset. */
export interface DataPoint {
  indexes: string[];
  blobs: string[];
  doubles: number[];
}

/** The texts of a data point: `blob1`, `blob2` and so on. Only append: queries use positions. */
export const METRIC_BLOBS = [
  "event",
  "endpoint",
  "grant_type",
  "outcome",
  "reason",
  "error",
  "action",
] as const satisfies readonly (keyof RequestLine)[];

/** The numbers of a data point: `double1`, `double2` and so on. Only append. */
export const METRIC_DOUBLES = [
  "status",
  "duration_ms",
  "hash_ms",
  "pbkdf2_calls",
  "d1_calls",
  "kv_calls",
  "object_calls",
] as const satisfies readonly (keyof RequestLine)[];

/** `index1`: Analytics Engine samples per index, so each client keeps a fair share of points. */
export const METRIC_INDEX = "client_id" satisfies keyof RequestLine;

/** The metrics for which docs/observability.md has a query. */
export const METRICS = {
  grants_by_outcome: "requests to the token endpoint, by grant and outcome",
  sign_ins: "sign-ins and consents on the pages, by outcome",
  logout_deliveries: "tries to tell clients of a logout, by client and outcome",
  reuse_detected: "refresh tokens reused after the retry window: the login was revoked",
  throttled: "requests rejected by a rate limit (429)",
  hash_time: "PBKDF2 derivations, and their duration as far as the clock shows it",
} as const;

/** Longest index, in bytes. Source: Workers Analytics Engine, "Limits". */
const INDEX_BYTES_MAX = 96;

/** The data point of a request: every metric is a query over these rows. */
export function dataPoint(line: RequestLine): DataPoint {
  return {
    // Client ids are ASCII.
    indexes: [(line[METRIC_INDEX] ?? "").slice(0, INDEX_BYTES_MAX)],
    blobs: METRIC_BLOBS.map((name) => line[name] ?? ""),
    doubles: METRIC_DOUBLES.map((name) => line[name] ?? 0),
  };
}
