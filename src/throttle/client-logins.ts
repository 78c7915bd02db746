import type { FailurePolicy } from "../limits/failures.ts";
import type { FailureCounters } from "../storage/failure-counters.ts";
import { type Admitted, type Result, refuse } from "./attempts.ts";
import type { ThrottleNames } from "./names.ts";

/** How a login through a client ended. */
export interface EndedLogin {
  /** The name of the user's counter. */
  readonly user: string;
  /** Whether it came from a place from which the user has logged in before. */
  readonly isKnown: boolean;
  /** Of a stranger who asked. */
  readonly admitted: Admitted | null;
  readonly result: Result;
}

/**
 * Failed logins through one client, of whatever users: what stuffing of stolen passwords looks
 * like, where each name is tried once. A client of which too many fail lets strangers try one at a
 * time; whoever has logged in from the same place before is no stranger, and what fails there then
 * counts for that user alone, since otherwise the mistakes of everyday would hold strangers up for
 * ever. A success makes up for a failure, once for each user in the time in which failures are
 * forgotten: whoever has one account gains one guess by it.
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
  /** Says how a login ended. */
  settle(clientId: string, login: EndedLogin): Promise<void>;
}

/** Clients remembered in one isolate: some 100 bytes each. */
const CLIENTS_MAX = 1000;

/** Users remembered in one isolate: some 250 bytes each. */
const USERS_MAX = 10_000;

/** Builds {@link ClientLogins} that suspect no client. */
export function createClientLogins(
  counters: FailureCounters,
  names: ThrottleNames,
  policy: FailurePolicy,
  clock: () => number,
): ClientLogins {
  /** Of clients that are under attack: from when on strangers may ask. */
  const retriesAtMs = new Map<string, number>();
  /** Users who logged in since the last report, of clients that nobody attacks. */
  const successes = new Map<string, number>();
  /** When a user's login through a client made up for a failure. */
  const madeUpAtMs = new Map<string, number>();

  function noteSuccess(clientId: string, user: string): void {
    const name = `${clientId} ${user}`;
    const lastAtMs = madeUpAtMs.get(name);
    if (lastAtMs !== undefined && clock() - lastAtMs < policy.forgottenMs) return;
    remember(madeUpAtMs, name, clock(), USERS_MAX);
    const count = (successes.get(clientId) ?? 0) + 1;
    remember(successes, clientId, Math.min(count, policy.free), CLIENTS_MAX);
  }

  return {
    strangersFromMs: (clientId) => retriesAtMs.get(clientId) ?? 0,

    async admitStranger(clientId, nowMs) {
      if (!retriesAtMs.has(clientId)) return null;
      const counter = await names.counter("client", clientId);
      const approach = { places: [], strangersFromMs: 0 };
      const admission = await counters.admit(counter, approach, nowMs, policy);
      if (admission.kind === "admitted") return admission;
      remember(retriesAtMs, clientId, admission.retryAtMs, CLIENTS_MAX);
      throw refuse("client_throttled", admission, nowMs);
    },

    async settle(clientId, { user, isKnown, admitted, result }) {
      const isSuspected = retriesAtMs.has(clientId);
      if (result === "succeeded" && !isSuspected) noteSuccess(clientId, user);
      const isCounted = result === "failed" && !(isKnown && isSuspected);
      if (admitted === null && !isCounted) return;
      const { ticket, counter } = admitted ?? { ticket: null, counter: null };
      const forgiven = successes.get(clientId) ?? 0;
      successes.delete(clientId);
      const name = await names.counter("client", clientId);
      const settlement = { ticket, counter, result, places: [], forgiven };
      const nowMs = clock();
      const retryAtMs = await counters.settle(name, settlement, nowMs, policy);
      if (retryAtMs <= nowMs) retriesAtMs.delete(clientId);
      else remember(retriesAtMs, clientId, retryAtMs, CLIENTS_MAX);
    },
  };
}

function remember(map: Map<string, number>, name: string, value: number, sizeMax: number): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest);
}
