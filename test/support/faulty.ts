import { afterEach, beforeEach, vi } from "vitest";
import { DEADLINE_MS } from "../../src/isolate.ts";
import { interceptBindings } from "./interception.ts";
import { createService, type Overrides, type Service } from "./service.ts";

/** How a call to a binding goes wrong. */
export type FaultKind =
  /** It fails and has done nothing. */
  | "before"
  /** It fails and has taken effect. */
  | "after"
  /** It has done nothing and claims success; a read claims that there is nothing. */
  | "lies"
  /** It never answers and has done nothing. */
  | "stalls"
  /** It never answers and has taken effect. */
  | "lost"
  /** It takes effect and answers at the last moment. */
  | "slow"
  /** It never answers, and takes effect after the client's retry; see {@link FaultyService}. */
  | "late";

/** Which call goes wrong. */
export interface Fault {
  /** As `interceptBindings` names it, such as `kv.put`. */
  readonly operation: string;
  /** The n-th call to the operation from now on, or every one. */
  readonly call: number | "every";
  readonly kind: FaultKind;
}

/** A service over the real bindings, which go wrong when they are told to. */
export interface FaultyService {
  readonly service: Service;
  /** Operations since the last fault was armed, in order. */
  readonly operations: readonly string[];
  /** How many calls have gone wrong since the last fault was armed. */
  readonly struck: number;
  /** From now on these calls and no others go wrong. */
  arm(...faults: readonly Fault[]): void;
  /** Resolves when the next call to the operation is over, well or not: for deferred work. */
  next(operation: string): Promise<void>;
  /** Lets what was `late` take effect. */
  catchUp(): Promise<void>;
}

/** What the platform may say of itself, and a client must never read. */
const DETAIL = "SQLITE_BUSY: the table clients is locked by 10.20.30.40";

/** Builds a {@link FaultyService}. Needs {@link stopTimers}: a stall takes no real time. */
export function createFaultyService(overrides: Overrides = {}): FaultyService {
  let armed: readonly Fault[] = [];
  let operations: string[] = [];
  let struck = 0;
  const late: Proceed[] = [];
  const busy = new Set<Promise<unknown>>();
  const waiting: { operation: string; resolve: () => void }[] = [];

  const faultOf = (operation: string): Fault | undefined => {
    const calls = operations.filter((name) => name === operation).length;
    return armed.find((fault) => {
      return fault.operation === operation && (fault.call === "every" || fault.call === calls);
    });
  };

  const over = (operation: string) => {
    for (const one of waiting) if (one.operation === operation) one.resolve();
  };

  const goWell = async (proceed: Proceed) => {
    const work = proceed();
    busy.add(work);
    return work.finally(() => busy.delete(work));
  };

  const bindings = interceptBindings(async (operation, proceed) => {
    operations.push(operation);
    const kind = faultOf(operation)?.kind;
    if (kind === undefined) return goWell(proceed).finally(() => over(operation));
    struck += 1;
    if (kind === "late") late.push(proceed);
    if (kind === "after" || kind === "lost") await proceed();
    if (kind === "stalls" || kind === "lost" || kind === "late") await pass(DEADLINE_MS, busy);
    over(operation);
    if (kind === "lies") return null;
    if (kind === "slow") return proceed().finally(() => pass(DEADLINE_MS - 1, busy));
    if (kind === "before" || kind === "after") throw new Error(DETAIL);
    return new Promise(() => undefined);
  });

  return {
    service: createService({ ...bindings, ...overrides }),
    get operations() {
      return operations;
    },
    get struck() {
      return struck;
    },
    arm(...faults) {
      [armed, operations, struck] = [faults, [], 0];
    },
    next(operation) {
      return new Promise((resolve) => waiting.push({ operation, resolve }));
    },
    async catchUp() {
      await Promise.all(late.splice(0).map((proceed) => proceed()));
    },
  };
}

/** Stops `Date`, `setTimeout` and `clearTimeout` in every test of a file. */
export function stopTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/**
 * Keeps the log of errors of every test of a file to itself.
 *
 * @returns what the test has logged, without work that failed after its response: that may belong to
 * an earlier request, and fails in production too (Workers KV takes one write of a key per second)
 */
export function captureErrors(): readonly unknown[] {
  const logged: unknown[] = [];
  beforeEach(() => {
    logged.length = 0;
    vi.spyOn(console, "error").mockImplementation((...args) => {
      if (!String(args[0]).includes('"event":"deferred_failed"')) logged.push(...args);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return logged;
}

type Proceed = () => Promise<unknown>;

/** Lets everything else end, and then so much time pass. */
async function pass(durationMs: number, busy: ReadonlySet<Promise<unknown>>): Promise<void> {
  await Promise.allSettled(busy);
  await scheduler.wait(0);
  vi.advanceTimersByTime(durationMs);
}
