import { randomBytes } from "node:crypto";
import { ITERATIONS_PER_CALL_MAX } from "../../crypto/pbkdf2.ts";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const NAME = "PBKDF2";

/** How long a running service may take, in milliseconds. */
const ANSWER_MS_MAX = 15_000;

/** A Worker that does nothing else. */
const HASHING_WORKER = `export default {
  async fetch() {
    const [secret, salt] = [new Uint8Array(32), new Uint8Array(16)];
    const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
    const work = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ${ITERATIONS_PER_CALL_MAX} };
    await crypto.subtle.deriveBits(work, key, 256);
    return new Response();
  },
};`;

/**
 * One PBKDF2 call at the platform's cap, by the running service. Anybody may ask `/healthz`, so it
 * must not hash. A client that does not exist costs what a wrong secret costs: one look-up and one
 * call of 100,000 iterations. So its refusal proves both, where the service runs, and needs no
 * credentials.
 */
export async function checkHashingAt(tokenUrl: string): Promise<Check> {
  const [clientId, secret] = [`doctor-${randomHex(8)}`, randomHex(32)];
  const startedMs = performance.now();
  const response = await fetch(tokenUrl, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const isRefusal = response.status === 401 && errorOf(await response.text()) === "invalid_client";
  if (isRefusal) return ok(NAME, `${describeCall(startedMs)}, look-up and way there included`);
  const cure = "the Free plan's 10 ms of CPU are not enough for it: choose Workers Paid";
  return failed(NAME, `an unknown client got ${response.status} and not 401`, cure);
}

/** The same call in workerd alone, where no service runs. Unlike production it has no cap. */
export async function checkHashingHere(): Promise<Check> {
  // Loading it takes half a second, which no other command should pay for.
  const { convertV4MiniflareOptions, Miniflare } = await import("miniflare");
  const workers = [{ name: "doctor", modules: true, script: HASHING_WORKER }];
  const options = convertV4MiniflareOptions({ workers, cf: false });
  const miniflare = new Miniflare(options);
  try {
    await miniflare.ready;
    const startedMs = performance.now();
    await (await miniflare.dispatchFetch("http://localhost")).text();
    return ok(NAME, `${describeCall(startedMs)}, in workerd on this machine`);
  } catch (error) {
    return failed(NAME, messageOf(error), "workerd does not run here: install again");
  } finally {
    await miniflare.dispose();
  }
}

/** Of a deployed service whose address nobody gave. */
export function hashingUnknown(): Check {
  const cure = "say where the service runs: --url https://login.example.com";
  return warning(NAME, "not tried, and neither was the service: its address is not known", cure);
}

/** The code of an error's body, whose description is for people. */
function errorOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
}

function describeCall(startedMs: number): string {
  const tookMs = Math.round(performance.now() - startedMs);
  return `one call of ${ITERATIONS_PER_CALL_MAX} iterations in ${tookMs} ms`;
}

function randomHex(length: number): string {
  return randomBytes(length).toString("hex");
}
