import { getDeps } from "../deps.ts";
import { clock } from "../early-deps.ts";
import { logFailure } from "../telemetry/request-log.ts";

/**
 * Runs every minute: wakes the senders of clients with due deliveries, and removes outdated rows.
 * Commands only write to D1, and a Worker can stop before it wakes a sender.
 */
export async function sweepLogouts(env: Env): Promise<void> {
  try {
    const { logoutDeliveries, logoutSenders } = await getDeps(env);
    await logoutSenders?.wake(await logoutDeliveries.sweep(clock()));
  } catch (error) {
    logFailure("logout_sweep_failed", error);
  }
}
