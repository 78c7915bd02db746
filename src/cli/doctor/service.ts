import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok } from "./check.ts";
import { compareClocks } from "./database.ts";
import { checkHashingAt } from "./hashing.ts";

/** Timeout of one request, in milliseconds. */
const ANSWER_MS_MAX = 15_000;

/** RFC 8414 §3. */
const METADATA = "/.well-known/oauth-authorization-server";

/** Pause between requests to a new address, in milliseconds. */
const PAUSE_MS = 2_000;

/**
 * Checks that the running service is healthy, its clock is correct, and it can execute one PBKDF2
 * call at the platform's cap of 100,000 iterations.
 *
 * @param patienceMs how long to wait for a new address to respond
 */
export async function checkService(address: string, patienceMs: number): Promise<Check[]> {
  try {
    const beforeMs = Date.now();
    const response = await askPatiently(`${address}/healthz`, beforeMs + patienceMs);
    const health = await checkHealth(address, response);
    if (health.status !== "ok") return [health];
    return [
      health,
      ...checkDate(response, beforeMs),
      await checkHashingAt(await tokenUrlOf(address)),
    ];
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const fix = "check the address and the log: npx wrangler tail";
    return [failed("service", `${address} does not respond: ${messageOf(cause)}`, fix)];
  }
}

/** Reads the path from the metadata, which knows `PATH_PREFIX`. `ISSUER` may be another origin. */
async function tokenUrlOf(address: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(address + METADATA, { signal });
  const { token_endpoint } = (await response.json()) as { token_endpoint: string };
  return address + new URL(token_endpoint).pathname;
}

async function askPatiently(url: string, deadlineMs: number): Promise<Response> {
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      // A new workers.dev address responds with 404 and HTML until it is known everywhere.
      if (isOurs(response) || Date.now() > deadlineMs) return response;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

async function checkHealth(address: string, response: Response): Promise<Check> {
  const text = await response.text();
  if (response.status === 200 && isOurs(response)) return ok("service", `${address} is healthy`);
  const said = isOurs(response) ? `: ${text}` : "";
  const fix = "see the reason in the log: npx wrangler tail, or the output of npm start";
  return failed("service", `${address}/healthz returned ${response.status}${said}`, fix);
}

function isOurs({ headers }: Response): boolean {
  return headers.get("Content-Type") === "application/json";
}

/** `Date` is precise to the second; a local workerd does not send it. */
function checkDate({ headers }: Response, beforeMs: number): Check[] {
  const nowMs = Date.parse(headers.get("Date") ?? "");
  if (Number.isNaN(nowMs)) return [];
  return [compareClocks("clock of the service", nowMs, beforeMs - 1000, Date.now())];
}
