import type { Deps } from "../deps.ts";
import { logFailure } from "../telemetry/observer.ts";
import type { Exchange } from "./exchange.ts";
import { json } from "./respond.ts";

type Verdict = "ok" | "unavailable";

/** How soon a monitor may ask again, in seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * `GET /healthz`: whether each kind of storage answers in time, and no word about why not; the log
 * has that. It derives no key and writes nothing, since anybody may ask.
 */
export async function health(_: Exchange, { health: checks }: Deps): Promise<Response> {
  const verdicts = await Promise.all(
    Object.entries(checks).map(async ([name, look]) => [name, await verdictOf(look)] as const),
  );
  const isWell = verdicts.every(([, verdict]) => verdict === "ok");
  const status: Verdict = isWell ? "ok" : "unavailable";
  const headers = isWell ? {} : { "Retry-After": String(RETRY_AFTER_SECONDS) };
  return json({ status, checks: Object.fromEntries(verdicts) }, isWell ? 200 : 503, headers);
}

async function verdictOf(look: () => Promise<void>): Promise<Verdict> {
  try {
    await look();
    return "ok";
  } catch (error) {
    logFailure("unhealthy", error);
    return "unavailable";
  }
}
