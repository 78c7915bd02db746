import { env } from "cloudflare:workers";
import { derivationsOf } from "./derivations.ts";
import { createService, type Overrides, type Service } from "./service.ts";
import { wrapBindings } from "./storage-model/wrap.ts";

/** How often each operation ran, such as `{ "d1.batch": 1, pbkdf2: 6 }`. */
export type Cost = Readonly<Record<string, number>>;

/** A service whose round trips are counted. */
interface CountedService {
  readonly service: Service;
  /** What `work` costs, storage and PBKDF2 calls, and what it is answered. */
  costOf<Answer>(work: () => Promise<Answer>): Promise<{ cost: Cost; answer: Answer }>;
}

/** Builds a {@link CountedService} over the real bindings: restarts would add repeated calls. */
export function createCountedService(overrides: Overrides = {}): CountedService {
  let counts: Record<string, number> = {};
  const count = (operation: string) => {
    counts[operation] = (counts[operation] ?? 0) + 1;
  };
  const busy = new Set<Promise<unknown>>();
  const bindings = wrapBindings(env, (operation, proceed) => {
    count(operation);
    const work = proceed();
    busy.add(work);
    return work.finally(() => busy.delete(work));
  });
  const service = createService({ ...bindings, ...overrides });

  return {
    service,
    async costOf<Answer>(work: () => Promise<Answer>) {
      counts = {};
      const answers: Answer[] = [];
      const derivations = await derivationsOf(async () => answers.push(await work()));
      for (const _ of derivations) count("pbkdf2");
      // What goes on after the response costs as much.
      do {
        await Promise.allSettled(busy);
        await scheduler.wait(0);
      } while (busy.size > 0);
      const [answer] = answers;
      if (answer === undefined) throw new Error("the request was not answered");
      return { cost: { ...counts }, answer };
    },
  };
}
