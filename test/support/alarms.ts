import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { RefreshFamily } from "../../src/storage/refresh-family.ts";

/** How the platform treats alarms: it promises to try each, and not when, nor how often. */
export const ALARM_REGIMES = ["punctual", "late", "doubled", "lost"] as const;

/** One of {@link ALARM_REGIMES}. */
export type AlarmRegime = (typeof ALARM_REGIMES)[number];

/** How late a late alarm is: as long as six retries with ever longer pauses, and then some. */
const LATE_MS = 5 * 86_400_000;

type Stub = DurableObjectStub<RefreshFamily>;

/** Families found with nothing stored: they stay so, since an id is used for one login. */
const emptied = new Set<string>();

/** Moves the stopped clock, and runs the alarms on the way as the regime has it. */
export async function passUntil(targetMs: number, regime: AlarmRegime): Promise<void> {
  for (;;) {
    const due = await nextAlarm();
    const atMs = due === null ? Number.POSITIVE_INFINITY : due.atMs + delayOf(regime);
    vi.setSystemTime(Math.min(atMs, targetMs));
    if (due === null || atMs > targetMs) return;
    await runDurableObjectAlarm(due.stub);
    if (regime === "doubled")
      await runInDurableObject(due.stub, (family: RefreshFamily) => family.alarm());
  }
}

/** How many keys and alarms all families that ever were still hold together. */
export async function storageInUse(): Promise<{ keys: number; alarms: number }> {
  const inUse = { keys: 0, alarms: 0 };
  for (const id of await listDurableObjectIds(env.REFRESH_FAMILIES)) {
    const { keys, alarmMs } = await holdings(env.REFRESH_FAMILIES.get(id));
    inUse.keys += keys;
    inUse.alarms += alarmMs === null ? 0 : 1;
  }
  return inUse;
}

/** Forgets every alarm that is set, as if the platform had given up on it. */
export async function loseAlarms(): Promise<void> {
  for (const stub of await livingFamilies()) {
    await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());
  }
}

function delayOf(regime: AlarmRegime): number {
  return regime === "late" ? LATE_MS : 0;
}

async function nextAlarm(): Promise<{ stub: Stub; atMs: number } | null> {
  let next: { stub: Stub; atMs: number } | null = null;
  for (const stub of await livingFamilies()) {
    const { keys, alarmMs } = await holdings(stub);
    if (keys === 0) emptied.add(stub.id.toString());
    if (alarmMs !== null && alarmMs < (next?.atMs ?? Number.POSITIVE_INFINITY)) {
      next = { stub, atMs: alarmMs };
    }
  }
  return next;
}

async function livingFamilies(): Promise<Stub[]> {
  const ids = await listDurableObjectIds(env.REFRESH_FAMILIES);
  const living = ids.filter((id) => !emptied.has(id.toString()));
  return living.map((id) => env.REFRESH_FAMILIES.get(id));
}

function holdings(stub: Stub): Promise<{ keys: number; alarmMs: number | null }> {
  return runInDurableObject(stub, async (_, { storage }) => {
    return { keys: (await storage.list()).size, alarmMs: await storage.getAlarm() };
  });
}
