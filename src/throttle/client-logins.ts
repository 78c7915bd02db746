import type { FailurePolicy } from "../limits/failures.ts";
import type { FailureCounters } from "../storage/failure-counters.ts";
import { type Admitted, type Result, refuse } from "./attempts.ts";
import type { ThrottleNames } from "./names.ts";

/**
 * Failed logins through one client, of whatever users: what stuffing of stolen passwords looks
 * like, where each name is tried once. A client of which too many fail lets strangers try one at a
 * time; whoever has logged in from the same place before is no stranger.
 *
 * Each failure is counted by the client's counter, after the answer. What it says is remembered in
 * this isolate alone: a login through a client that nobody attacks asks nobody, and an isolate
 * learns of an attack with the first failure that it reports itself.
 */
export interface ClientLogins {
  /** From when on strangers may ask to try; 0: always. */
  strangersFromMs(clientId: string): number;
  /**
   * Admits one stranger.
   *
   * @returns null when strangers need not ask
   * @throws Refusal `client_throttled` or `throttle_busy`, Unavailable
   */
  admitStranger(clientId: string, nowMs: number): Promise<Admitted | null>;
  /** Says how a login ended. @param admitted of a stranger who asked */
  settle(clientId: string, admitted: Admitted | null, result: Result): Promise<void>;
}

/** Clients remembered in one isolate: some 100 bytes each. */
const CLIENTS_MAX = 1000;

/** Builds {@link ClientLogins} that suspect no client. */
export function createClientLogins(
  counters: FailureCounters,
  names: ThrottleNames,
  policy: FailurePolicy,
  clock: () => number,
): ClientLogins {
  /** Of clients that are under attack: from when on strangers may ask. */
  const retriesAtMs = new Map<string, number>();
  /** Logins that went well since the last report, of clients that nobody attacks. */
  const successes = new Map<string, number>();

  return {
    strangersFromMs: (clientId) => retriesAtMs.get(clientId) ?? 0,

    async admitStranger(clientId, nowMs) {
      if (!retriesAtMs.has(clientId)) return null;
      const counter = await names.counter("client", clientId);
      const approach = { places: [], strangersFromMs: 0 };
      const admission = await counters.admit(counter, approach, nowMs, policy);
      if (admission.kind === "admitted") return admission;
      remember(retriesAtMs, clientId, admission.retryAtMs);
      throw refuse("client_throttled", admission, nowMs);
    },

    async settle(clientId, admitted, result) {
      if (result === "succeeded" && !retriesAtMs.has(clientId)) {
        const count = (successes.get(clientId) ?? 0) + 1;
        remember(successes, clientId, Math.min(count, policy.free));
      }
      if (admitted === null && result !== "failed") return;
      const { ticket, counter } = admitted ?? { ticket: null, counter: null };
      const forgiven = successes.get(clientId) ?? 0;
      successes.delete(clientId);
      const name = await names.counter("client", clientId);
      const settlement = { ticket, counter, result, places: [], forgiven };
      const nowMs = clock();
      const retryAtMs = await counters.settle(name, settlement, nowMs, policy);
      if (retryAtMs <= nowMs) retriesAtMs.delete(clientId);
      else remember(retriesAtMs, clientId, retryAtMs);
    },
  };
}

function remember(map: Map<string, number>, clientId: string, value: number): void {
  map.delete(clientId);
  map.set(clientId, value);
  const [oldest] = map.keys();
  if (map.size > CLIENTS_MAX && oldest !== undefined) map.delete(oldest);
}
