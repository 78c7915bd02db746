import type { Deps } from "../deps.ts";
import { callWithDeadline } from "../isolate.ts";
import { mintLogoutToken } from "../issuer/id-token.ts";
import { USER_AGENT } from "../protocol/names.ts";
import type { DeliveryTry, DueDelivery } from "../storage/logout-deliveries.ts";
import { describeFailure } from "../telemetry/failure.ts";
import { setLogFields } from "../telemetry/request-log.ts";

/** Deadline of a client's response, in milliseconds. */
const CLIENT_DEADLINE_MS = 5_000;

/** Most tries. With the pauses below, the last is three hours after the first. */
const TRIES_MAX = 8;

/** Pause after the first failed try, in milliseconds; each further one is three times as long. */
const FIRST_PAUSE_MS = 10_000;

/** What came of a try. */
interface Result {
  /** In a word of this service, for the log. */
  readonly word: string;
  readonly status: number | null;
  /** Whether a later try may have another result. */
  readonly isFinal: boolean;
}

/** Statuses of a success (OpenID Connect Back-Channel Logout §2.8). */
const DELIVERED_STATUSES = [200, 204];

/**
 * Statuses after which a later try may succeed. Any other one is final: 400 is the client's own
 * word for a failure, and a redirect or 404 says that the URI is wrong.
 */
const isPassing = (status: number) => status >= 500 || status === 408 || status === 429;

/** Tells a client of a logout, once. Never throws. */
export async function deliver(
  delivery: DueDelivery,
  deps: Pick<Deps, "issuer" | "clock">,
): Promise<DeliveryTry & { readonly status: number | null }> {
  const { word, status, isFinal } = await send(delivery, deps);
  const tries = delivery.tries + 1;
  const common = { id: delivery.id, result: word, status, atMs: deps.clock() };
  if (status !== null && DELIVERED_STATUSES.includes(status)) {
    return { ...common, state: "delivered", nextTryAtMs: null };
  }
  if (isFinal || tries >= TRIES_MAX) return { ...common, state: "failed", nextTryAtMs: null };
  const pauseMs = FIRST_PAUSE_MS * 3 ** (tries - 1);
  return { ...common, state: "pending", nextTryAtMs: common.atMs + pauseMs };
}

async function send(
  { uri, ended, algorithm }: DueDelivery,
  { issuer }: Pick<Deps, "issuer">,
): Promise<Result> {
  if (uri === null) return { word: "no_uri", status: null, isFinal: true };
  let token: string;
  try {
    token = await mintLogoutToken(ended, algorithm, issuer);
  } catch (error) {
    setLogFields({ failure: describeFailure(error) });
    return { word: "no_key", status: null, isFinal: false };
  }
  try {
    const status = await callWithDeadline(
      "client.log_out",
      () => post(uri, token),
      CLIENT_DEADLINE_MS,
    );
    return { word: `http_${status}`, status, isFinal: !isPassing(status) };
  } catch (error) {
    setLogFields({ failure: describeFailure(error) });
    return { word: "no_response", status: null, isFinal: false };
  }
}

/** @returns the status. The body says nothing that changes the outcome */
async function post(uri: string, token: string): Promise<number> {
  const response = await fetch(uri, {
    method: "POST",
    headers: { "User-Agent": USER_AGENT },
    body: new URLSearchParams({ logout_token: token }),
    // Following a redirect would send the token where the operator did not register it.
    redirect: "manual",
    signal: AbortSignal.timeout(CLIENT_DEADLINE_MS),
  });
  await response.body?.cancel();
  return response.status;
}
