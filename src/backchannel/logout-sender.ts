import { DurableObject } from "cloudflare:workers";
import { type Deps, getDeps } from "../deps.ts";
import { clock, getEarlyDeps, newRequestId } from "../early-deps.ts";
import type { DeliveryState, DeliveryTry, DueDelivery } from "../storage/logout-deliveries.ts";
import type { Outcome } from "../telemetry/request-line.ts";
import { audit, logFailure, setLogFields, withRequestLog } from "../telemetry/request-log.ts";
import { deliver } from "./delivery.ts";

/** Where the object keeps the client's id: an alarm is not told the name of its object. */
const CLIENT_KEY = "client";

/** Most deliveries of one alarm, and how many of them at once: a client is never flooded. */
const DELIVERIES_MAX = 20;
const AT_ONCE_MAX = 4;

/** Pause after a failure of storage or of a setting, in milliseconds. */
const FAILURE_PAUSE_MS = 60_000;

const OUTCOMES: Readonly<Record<DeliveryState, Outcome>> = {
  delivered: "ok",
  failed: "refused",
  pending: "unavailable",
};

/**
 * Sends the logout tokens of one client. The deliveries are rows of D1; the object stores only the
 * client's id and an alarm, and can be woken again when they are lost. A try is recorded after the
 * client's response: when the object stops in between, the client is told twice.
 */
export class LogoutSender extends DurableObject<Env> {
  /** Sends what is due, soon. */
  async wake(clientId: string): Promise<void> {
    if (this.ctx.storage.kv.get(CLIENT_KEY) === undefined) {
      this.ctx.storage.kv.put(CLIENT_KEY, clientId);
    }
    await this.#alarmBy(clock());
  }

  /** Sends what is due, and sets the next alarm, or removes all storage. Never throws. */
  override async alarm(): Promise<void> {
    const clientId = this.ctx.storage.kv.get<string>(CLIENT_KEY);
    if (clientId === undefined) return;
    try {
      const deps = await getDeps(this.env);
      await this.#sendDue(clientId, deps);
      const nextMs = await deps.logoutDeliveries.nextTryAtMs(clientId);
      if (nextMs !== null) await this.#alarmBy(Math.max(nextMs, clock()));
      // An alarm that was set since: there is more to send.
      else if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.deleteAll();
    } catch (error) {
      logFailure("logout_sender_failed", error);
      await this.#alarmBy(clock() + FAILURE_PAUSE_MS);
    }
  }

  async #sendDue(clientId: string, deps: Deps): Promise<void> {
    const due = await deps.logoutDeliveries.due(clientId, clock(), DELIVERIES_MAX);
    for (let start = 0; start < due.length; start += AT_ONCE_MAX) {
      const some = due.slice(start, start + AT_ONCE_MAX);
      const tries = await Promise.all(some.map((one) => this.#logged(one, deps)));
      await deps.logoutDeliveries.record(tries);
    }
  }

  /** Makes one try, with a line in the log. */
  #logged(delivery: DueDelivery, deps: Deps): Promise<DeliveryTry> {
    const { observer } = getEarlyDeps(this.env);
    const log = observer.begin(newRequestId());
    const { clientId, subject: userId } = delivery.ended;
    return withRequestLog(log, async () => {
      setLogFields({ clientId, userId });
      const { status, ...made } = await deliver(delivery, deps);
      const { state, result } = made;
      if (state === "failed") {
        audit({ action: "logout_undelivered", clientId, userId, reason: result });
      }
      const conclusion = { event: "logout", outcome: OUTCOMES[state] } as const;
      observer.end(log, status === null ? conclusion : { ...conclusion, status });
      return made;
    });
  }

  /** Sets the alarm to that instant, unless there is an earlier one. */
  async #alarmBy(atMs: number): Promise<void> {
    const alarmMs = await this.ctx.storage.getAlarm();
    if (alarmMs === null || alarmMs > atMs) await this.ctx.storage.setAlarm(atMs);
  }
}
