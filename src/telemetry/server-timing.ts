import type { RequestLog } from "./request-log.ts";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a request was sent to this machine itself. Never true for a deployed service, whatever
 * its settings: Cloudflare routes by host name, and these names cannot be zones.
 */
export function isLocal(url: URL): boolean {
  return url.protocol === "http:" && LOOPBACK.includes(url.hostname);
}

/** The `Server-Timing` header of a request: the total so far, and each operation. */
export function serverTiming({ clock, startedAtMs, operations }: RequestLog): string {
  const parts = [...operations].map(([name, { durationMs }]) => `${name};dur=${durationMs}`);
  return [`total;dur=${clock() - startedAtMs}`, ...parts].join(", ");
}
