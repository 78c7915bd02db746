import type { RequestRecord } from "./record.ts";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a request came to this machine itself. Cloudflare routes by host name, and nobody can
 * have a zone of one of these names, so that this is never so for the deployed service, whatever
 * its settings say.
 */
export function isLocal(url: URL): boolean {
  return url.protocol === "http:" && LOOPBACK.includes(url.hostname);
}

/** The `Server-Timing` of a request so far: the whole of it, and each operation. */
export function serverTiming({ clock, startedAtMs, operations }: RequestRecord): string {
  const parts = [...operations].map(([name, { durationMs }]) => `${name};dur=${durationMs}`);
  return [`total;dur=${clock() - startedAtMs}`, ...parts].join(", ");
}
