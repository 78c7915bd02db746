import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok } from "./check.ts";
import { compareClocks } from "./database.ts";
import { checkHashingAt } from "./hashing.ts";

/** How long to wait for one answer, in milliseconds. */
const ANSWER_MS_MAX = 15_000;

/** RFC 8414 §3. */
const METADATA = "/.well-known/oauth-authorization-server";

/** How long to wait before asking a new address again, in milliseconds. */
const PAUSE_MS = 2_000;

/**
 * The running service is well, its clock is right, and it can afford one PBKDF2 call at the
 * platform's cap of 100,000 iterations.
 *
 * @param patienceMs how long the address may be unknown at first, as after a first deployment
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
    const cure = "look at the address, and at the log: npx wrangler tail";
    return [failed("service", `${address} does not answer: ${messageOf(cause)}`, cure)];
  }
}

/** The service itself knows its `PATH_PREFIX`; `ISSUER` may name another origin than this one. */
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
      // A new workers.dev address answers 404 in HTML until all of the edge knows it.
      if (isOurs(response) || Date.now() > deadlineMs) return response;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

async function checkHealth(address: string, response: Response): Promise<Check> {
  const text = await response.text();
  if (response.status === 200 && isOurs(response)) return ok("service", `${address} is well`);
  const said = isOurs(response) ? `: ${text}` : "";
  const cure = "the reason stands in the log: npx wrangler tail, or the output of npm start";
  return failed("service", `${address}/healthz answers ${response.status}${said}`, cure);
}

function isOurs({ headers }: Response): boolean {
  return headers.get("Content-Type") === "application/json";
}

/** `Date` has whole seconds, and workerd on this machine sends none. */
function checkDate({ headers }: Response, beforeMs: number): Check[] {
  const nowMs = Date.parse(headers.get("Date") ?? "");
  if (Number.isNaN(nowMs)) return [];
  return [compareClocks("clock of the service", nowMs, beforeMs - 1000, Date.now())];
}
