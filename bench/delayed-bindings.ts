import { createDelays, type Delays } from "../test/support/storage-model/delays.ts";
import type { Intercept } from "../test/support/storage-model/wrap.ts";

/** What a response waited for: steps in a row, each with the operations that ran side by side. */
export type Waited = readonly (readonly string[])[];

/** One operation of the request in progress. */
interface Operation {
  readonly name: string;
  readonly step: number;
  isOver: boolean;
}

let operations: Operation[] = [];
let waited: Waited = [];
let busy = 0;

/** Delays each operation of real bindings, and notes it. */
export function delayedBy(delays: Delays): Intercept {
  const delayOf = createDelays(delays);
  return async (name, proceed, args) => {
    const last = operations.at(-1)?.step ?? 0;
    // What begins after another operation has ended waited for it.
    const isNext = operations.some(({ step, isOver }) => step === last && isOver);
    const operation = { name, step: isNext ? last + 1 : last, isOver: false };
    operations.push(operation);
    busy += 1;
    try {
      const ms = delayOf(name, args);
      if (ms > 0) await scheduler.wait(ms);
      return await proceed();
    } finally {
      operation.isOver = true;
      busy -= 1;
    }
  };
}

/** Handles one request, and notes which operations were over when it was done. */
export async function watch<Result>(handle: () => Promise<Result>): Promise<Result> {
  operations = [];
  const result = await handle();
  const steps = Map.groupBy(
    operations.filter(({ isOver }) => isOver),
    ({ step }) => step,
  );
  waited = [...steps.values()].map((step) => step.map(({ name }) => name).sort());
  return result;
}

/** Waits for the work that goes on after a response. @returns what the response waited for */
export async function settle(): Promise<Response> {
  // One more turn: work that is deferred may begin with a digest.
  for (let quiet = 0; quiet < 3; quiet = busy === 0 ? quiet + 1 : 0) await scheduler.wait(1);
  return Response.json(waited);
}
