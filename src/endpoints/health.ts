import type { Deps } from "../deps.ts";
import { logFailure } from "../telemetry/request-log.ts";
import type { RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

type Status = "ok" | "unavailable";

/** When a monitor may retry, in seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * `GET /healthz`: whether each kind of storage responds in time. Errors are only logged. Without
 * hashing and writes, since the endpoint is public.
 *
 * @throws Refusal `address_throttled`
 */
export async function health({ address }: RequestContext, deps: Deps): Promise<Response> {
  await deps.addressFilter.limit(address, null);
  const checks = await Promise.all(
    Object.entries(deps.health).map(async ([name, run]) => [name, await runCheck(run)] as const),
  );
  const isHealthy = checks.every(([, result]) => result === "ok");
  const status: Status = isHealthy ? "ok" : "unavailable";
  const headers = isHealthy ? {} : { "Retry-After": String(RETRY_AFTER_SECONDS) };
  return json({ status, checks: Object.fromEntries(checks) }, isHealthy ? 200 : 503, headers);
}

async function runCheck(run: () => Promise<void>): Promise<Status> {
  try {
    await run();
    return "ok";
  } catch (error) {
    logFailure("unhealthy", error);
    return "unavailable";
  }
}
