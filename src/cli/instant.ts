import { usageError } from "./command-error.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `7d` or `in 7d`. */
const DURATION = /^(?:in )?(\d{1,4})([mhdw])$/;

/** A date, or a date and time with a zone. Without a zone, two machines would disagree. */
const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads a present or future instant: `now`, `in 7d` or an ISO 8601 date (midnight UTC).
 *
 * @returns milliseconds since the epoch
 * @throws CommandError when it is invalid or in the past
 */
export function parseInstant(option: string, text: string, nowMs: number): number {
  if (text === "now") return nowMs;
  const [, count, unit = ""] = DURATION.exec(text) ?? [];
  if (count !== undefined) return nowMs + Number(count) * (UNIT_MS[unit] ?? 0);
  const atMs = ISO.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse reads 31 February as 3 March.
  const isDay = !Number.isNaN(atMs) && dayOf(`${text.slice(0, 10)}T00:00Z`) === text.slice(0, 10);
  if (!isDay) {
    throw usageError(
      `${option}: invalid time. Use now, 7d, 12h, 30m, 2026-12-31 or 2026-12-31T12:00Z.`,
    );
  }
  if (atMs <= nowMs)
    throw usageError(`${option}: the time is in the past. Use now to end it immediately.`);
  return atMs;
}

function dayOf(instant: string): string {
  return new Date(instant).toISOString().slice(0, 10);
}
