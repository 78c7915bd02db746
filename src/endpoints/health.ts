import type { Deps } from "../deps.ts";
import type { Unavailable } from "../protocol/refusal.ts";
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
    Object.entries(checks).map(
      async ([name, look]) => [name, await verdictOf(name, look)] as const,
    ),
  );
  const isWell = verdicts.every(([, verdict]) => verdict === "ok");
  const status: Verdict = isWell ? "ok" : "unavailable";
  const headers = isWell ? {} : { "Retry-After": String(RETRY_AFTER_SECONDS) };
  return json({ status, checks: Object.fromEntries(verdicts) }, isWell ? 200 : 503, headers);
}

async function verdictOf(name: string, look: () => Promise<void>): Promise<Verdict> {
  try {
    await look();
    return "ok";
  } catch (error) {
    const { message, cause } = error as Unavailable;
    console.error(JSON.stringify({ event: "unhealthy", check: name, message, cause: `${cause}` }));
    return "unavailable";
  }
}
