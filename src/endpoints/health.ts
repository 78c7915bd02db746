import type { Deps } from "../deps.ts";
import { logFailure } from "../telemetry/observer.ts";
import { readAddress } from "./address.ts";
import type { RequestContext } from "./request-context.ts";
import { json } from "./respond.ts";

type Verdict = "ok" | "unavailable";

/** How soon a monitor may ask again, in seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * `GET /healthz`: whether each kind of storage answers in time, and no word about why not; the log
 * has that. It derives no key and writes nothing, since anybody may ask.
 *
 * @throws Refusal `address_throttled`
 */
export async function health({ request }: RequestContext, deps: Deps): Promise<Response> {
  await deps.addressFilter.limit(readAddress(request), null);
  const verdicts = await Promise.all(
    Object.entries(deps.health).map(async ([name, look]) => [name, await runCheck(look)] as const),
  );
  const isWell = verdicts.every(([, verdict]) => verdict === "ok");
  const status: Verdict = isWell ? "ok" : "unavailable";
  const headers = isWell ? {} : { "Retry-After": String(RETRY_AFTER_SECONDS) };
  return json({ status, checks: Object.fromEntries(verdicts) }, isWell ? 200 : 503, headers);
}

async function runCheck(look: () => Promise<void>): Promise<Verdict> {
  try {
    await look();
    return "ok";
  } catch (error) {
    logFailure("unhealthy", error);
    return "unavailable";
  }
}
