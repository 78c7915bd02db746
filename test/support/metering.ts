import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { RequestKind } from "./costs.ts";
import { interceptBindings } from "./interception.ts";
import { createService, type Overrides, type Service } from "./service.ts";

/** What a request did, in the words of `costs.ts`, and what it was answered. */
type Metered<Answer> = { answer: Answer } & Pick<
  RequestKind,
  "path" | "deferred" | "objectRows" | "d1Rows"
>;

/** A service that tells the steps of a request and the rows that it writes. */
export interface MeteredService {
  readonly service: Service;
  meter<Answer>(work: () => Promise<Answer>): Promise<Metered<Answer>>;
}

/** Started without being awaited. The response must come while all of them are pending. */
const AFTER_THE_ANSWER = new Set(["failures.settle", "kv.put", "kv.delete"]);

/** So many turns of the event loop without a new operation: no more begin until one ends. */
const QUIET_TURNS = 40;

/**
 * Builds a {@link MeteredService} over the real bindings. Operations that begin while none ends
 * are one step: each waits until all that can begin have, and only then they run.
 */
export async function createMeteredService(overrides: Overrides = {}): Promise<MeteredService> {
  const rows = await countObjectRows();
  let isMetering = false;
  let d1Rows = 0;
  let held: { operation: string; release: () => void }[] = [];
  const busy = new Set<Promise<unknown>>();

  const bindings = interceptBindings(async (operation, proceed) => {
    if (!isMetering) return proceed();
    await new Promise<void>((release) => held.push({ operation, release }));
    const work = proceed();
    busy.add(work);
    const result = await work.finally(() => busy.delete(work));
    if (operation.startsWith("d1.")) d1Rows += rowsWritten(result);
    return result;
  });

  /** Runs those of the started operations that `isChosen` accepts. */
  async function step(isChosen: (operation: string) => boolean): Promise<readonly string[]> {
    const chosen = held.filter(({ operation }) => isChosen(operation));
    held = held.filter(({ operation }) => !isChosen(operation));
    for (const { release } of chosen) release();
    await scheduler.wait(0);
    await Promise.allSettled(busy);
    return chosen.map(({ operation }) => operation).sort();
  }

  async function settle(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      if (held.length !== seen || busy.size > 0) quiet = 0;
      seen = held.length;
      await scheduler.wait(0);
    }
  }

  return {
    service: createService({ ...bindings, ...overrides }),
    async meter<Answer>(work: () => Promise<Answer>) {
      await settle();
      [isMetering, d1Rows, held] = [true, 0, []];
      const objectRowsBefore = rows();
      const answers: Answer[] = [];
      const asked = work().then((answer) => answers.push(answer));
      const path: (readonly string[])[] = [];
      const deferred: string[] = [];
      for (;;) {
        await settle();
        if (answers.length > 0) break;
        const began = await step((operation) => !AFTER_THE_ANSWER.has(operation));
        if (began.length > 0) path.push(began);
      }
      await asked;
      while (held.length > 0) {
        deferred.push(...(await step(() => true)));
        await settle();
      }
      isMetering = false;
      const [answer] = answers as [Answer];
      return { answer, path, deferred, objectRows: rows() - objectRowsBefore, d1Rows };
    },
  };
}

function rowsWritten(result: unknown): number {
  const results = (Array.isArray(result) ? result : [result]) as (D1Result | null)[];
  return results.reduce((total, one) => total + (one?.meta?.rows_written ?? 0), 0);
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Counts the rows that all objects of this isolate write: one a key that is put or deleted, one an
 * alarm that is set. Source: Durable Objects, "Pricing".
 *
 * @returns how many so far
 */
async function countObjectRows(): Promise<() => number> {
  let count = 0;
  const watch = (target: object, name: string, rowsOf: (self: unknown) => number) => {
    const owner = Object.getPrototypeOf(target) as Record<string, Method>;
    const real = owner[name] as Method;
    vi.spyOn(owner, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
      count += rowsOf(this);
      return real.apply(this, args);
    });
  };
  const stub = env.REFRESH_FAMILIES.get(env.REFRESH_FAMILIES.newUniqueId());
  await runInDurableObject(stub, (_, { storage }) => {
    watch(storage.kv, "put", () => 1);
    watch(storage.kv, "delete", () => 1);
    watch(storage, "setAlarm", () => 1);
    watch(storage, "deleteAll", (self) => [...(self as DurableObjectStorage).kv.list()].length);
    watch(storage.sql, "exec", () => {
      throw new Error("rows that SQL writes are not counted yet");
    });
  });
  return () => count;
}
