/** Shortest and longest time for which a document is kept, in milliseconds. */
const LIFETIME_MS_MIN = 300_000;
const LIFETIME_MS_MAX = 86_400_000;

/**
 * How long a response may be kept (RFC 9111 §4.2), within the limits above: at least five minutes,
 * so that a host cannot make the service fetch all the time; at most a day, so that a client can
 * change its redirect URIs and keys.
 */
export function cacheLifetimeMs(headers: Headers, nowMs: number): number {
  const freshMs = freshnessMs(headers, nowMs) - 1000 * secondsOf(headers.get("Age"));
  return Math.min(Math.max(freshMs, LIFETIME_MS_MIN), LIFETIME_MS_MAX);
}

function freshnessMs(headers: Headers, nowMs: number): number {
  const cacheControl = (headers.get("Cache-Control") ?? "").toLowerCase();
  const directives = cacheControl.split(",").map((directive) => directive.trim());
  if (directives.some((name) => /^(?:no-store|no-cache|private)(?:=|$)/.test(name))) return 0;
  const maxAge = directives.find((name) => name.startsWith("max-age="));
  if (maxAge !== undefined) return 1000 * secondsOf(maxAge.slice("max-age=".length));
  const [expiresMs, dateMs] = ["Expires", "Date"].map((name) => {
    return Date.parse(headers.get(name) ?? "");
  }) as [number, number];
  if (Number.isNaN(expiresMs)) return 0;
  return expiresMs - (Number.isNaN(dateMs) ? nowMs : dateMs);
}

/** @returns 0 for anything but digits, quoted or not */
function secondsOf(text: string | null): number {
  const [, digits = "0"] = /^"?(\d{1,10})"?$/.exec(text?.trim() ?? "") ?? [];
  return Number(digits);
}
