import { randomBytes } from "node:crypto";
import { ITERATIONS_PER_CALL_MAX } from "../../crypto/password-hash.ts";
import { messageOf } from "../command-error.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const NAME = "PBKDF2";

/** Timeout of the request to the service, in milliseconds. */
const ANSWER_MS_MAX = 15_000;

/** A Worker that only makes one PBKDF2 call. */
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
 * Makes the running service execute one PBKDF2 call at the platform's cap. `/healthz` is public, so
 * it must not hash. An unknown client costs the same as a wrong secret: one lookup and one call of
 * 100,000 iterations. Its 401 therefore proves that both work, and needs no credentials.
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
  const isRejected = response.status === 401 && errorOf(await response.text()) === "invalid_client";
  if (isRejected) return ok(NAME, `${describeCall(startedMs)}, including lookup and network`);
  const fix = "use Workers Paid: the Free plan's 10 ms of CPU time are not enough";
  return failed(NAME, `an unknown client got ${response.status} instead of 401`, fix);
}

/** The same call in a local workerd, without the service. Unlike production, it has no cap. */
export async function checkHashingHere(): Promise<Check> {
  // Loading miniflare takes half a second, so only this check does.
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
    return failed(
      NAME,
      messageOf(error),
      "workerd does not run on this machine; install the packages again",
    );
  } finally {
    await miniflare.dispose();
  }
}

/** The check of a deployed service whose address is unknown. */
export function hashingUnknown(): Check {
  const fix = "give the address of the service: --url https://login.example.com";
  return warning(NAME, "not checked, like the service itself: its address is unknown", fix);
}

/** The `error` of a response body. */
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
