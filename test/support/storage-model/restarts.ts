import { evictDurableObject } from "cloudflare:test";
import type { Intercept } from "./wrap.ts";

/** One call of so many meets a restart. No multiple of a request's calls, so that each is met. */
const CALLS_PER_RESTART = 7;

/** Objects whose calls may be repeated, and are; see `src/storage/families.ts`. */
const REPEATED = ["family"];

/**
 * Restarts objects: each loses its memory before a call. A call that the service repeats also fails,
 * in turn before and after it has taken effect.
 */
export function restarting(): Intercept {
  let calls = 0;
  return async (operation, proceed, _, target) => {
    const [kind = ""] = operation.split(".");
    if (["d1", "kv", "address"].includes(kind)) return proceed();
    calls += 1;
    if (calls % CALLS_PER_RESTART !== 0) return proceed();
    const isDone = (calls / CALLS_PER_RESTART) % 2 === 0 && REPEATED.includes(kind);
    if (isDone) await proceed();
    // One that does not run yet cannot be evicted, and has no memory to lose.
    await evictDurableObject(target as DurableObjectStub).catch(() => undefined);
    if (!REPEATED.includes(kind)) return proceed();
    throw Object.assign(new Error("Durable Object reset"), { retryable: true });
  };
}
