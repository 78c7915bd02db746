import fc from "fast-check";
import { Random } from "../random.ts";
import type { Service } from "../service.ts";
import { breaches } from "./laws.ts";
import { type Overheard, overhear } from "./overhear.ts";
import { quote, type Shot, toInit } from "./shot.ts";
import { shotsOf } from "./shots.ts";
import { Stock } from "./stock.ts";

/** How far a run goes. */
interface FuzzBounds {
  readonly seed: number;
  readonly requests: number;
  /** When it ends at the latest, as `performance.now()` has it. */
  readonly endsAtMs?: number;
  readonly onProgress?: (report: FuzzReport) => void;
}

/** What a run came to. */
interface FuzzReport {
  requests: number;
  readonly statuses: Map<number, number>;
  /** What the log says of them: reasons, and how many calls of PBKDF2. */
  readonly log: Overheard;
  readonly violations: string[];
}

/** Requests under way at once: far fewer than HASHES_IN_FLIGHT_MAX = 300 allows hashes. */
const AT_ONCE = 64;

const PROGRESS_REQUESTS = 50_000;

/** More are more of the same. */
const VIOLATIONS_MAX = 20;

/**
 * Sends random requests, in groups, and holds every answer to the laws. The requests depend on the
 * seed and on what the service hands out alone.
 */
export async function fuzz(service: Service, bounds: FuzzBounds): Promise<FuzzReport> {
  const random = new Random(bounds.seed);
  const canary = `zq${Array.from({ length: 12 }, () => random.pick([..."bcdfghjklmnpvwx"])).join("")}`;
  const log = overhear(canary);
  const report: FuzzReport = {
    requests: 0,
    statuses: new Map(),
    log: log.overheard,
    violations: [],
  };
  const stock = new Stock();
  const shots = shotsOf(canary, stock);
  const { requests, endsAtMs = Number.POSITIVE_INFINITY } = bounds;
  try {
    while (report.requests < requests && performance.now() < endsAtMs) {
      const group = fc.sample(shots, { seed: random.between(0, 2 ** 31 - 1), numRuns: AT_ONCE });
      const bodies = await Promise.all(group.map((shot) => fire(service, shot, canary, report)));
      for (const [index, { path }] of group.entries()) stock.keepFrom(path, bodies[index] ?? {});
      report.violations.push(...log.violations.splice(0));
      if (report.violations.length > VIOLATIONS_MAX) break;
      if (report.requests % PROGRESS_REQUESTS < AT_ONCE) bounds.onProgress?.(report);
    }
  } finally {
    log.stop();
  }
  return report;
}

/** A report in one line. */
export function summaryOf({ requests, statuses, log }: FuzzReport): string {
  const counts = [...statuses].sort().map(([status, count]) => `${count} of ${status}`);
  return (
    `${requests} requests, ${log.pbkdf2Calls} hashes, ` +
    `${log.reasons.size} outcomes; ${counts.join(", ")}`
  );
}

/** @returns the parsed body of a success, for the stock */
async function fire(
  service: Service,
  shot: Shot,
  canary: string,
  report: FuzzReport,
): Promise<unknown> {
  report.requests += 1;
  try {
    const response = await service.fetch(shot.path, toInit(shot));
    const { status, headers } = response;
    const text = await response.text();
    report.statuses.set(status, (report.statuses.get(status) ?? 0) + 1);
    for (const broken of breaches({ status, headers, text }, shot, canary)) {
      const words = `${status} ${[...headers].join("; ")} ${text.slice(0, 300)}`;
      report.violations.push(`the answer ${broken}: ${quote(shot)}\n  ${words}`);
    }
    const isKept = (status === 200 || status === 201) && text.startsWith("{");
    return isKept ? JSON.parse(text) : {};
  } catch (error) {
    report.violations.push(`it threw ${(error as Error).stack}: ${quote(shot)}`);
    return {};
  }
}
