import { type Bindings, type Intercept, interceptBindings } from "../interception.ts";
import type { Random } from "../random.ts";

/** What goes wrong in one request, if it comes to the operation at all. */
export interface PlannedFault {
  /** As `interceptBindings` names it. */
  readonly operation: string;
  /**
   * The call fails without an effect, with it, or before an effect that comes later; or it is only
   * slow, as a database at the other end of the world is.
   */
  readonly effect: "none" | "before" | "later" | "slow";
  /** What the platform says of the error. */
  readonly claim: "nothing" | "retryable" | "overloaded";
  /** How many calls in a row. */
  readonly calls: number;
}

/** Longest that a call is on its way, there or back, in milliseconds. */
const WAY_MS_MAX = 15;

const ABOUT_LATER = ["nothing", "overloaded"] as const;
const ABOUT_OVER = ["nothing", "retryable", "retryable", "overloaded"] as const;

/** Invents a fault of one of these operations. */
export function planFault(random: Random, operations: readonly string[]): PlannedFault {
  const operation = random.pick(operations);
  const calls = random.pick([1, 1, 1, 2, 3]);
  const effect = random.pick(["none", "before", "later"] as const);
  // What the platform lets one repeat is over, done or not.
  const claims = effect === "later" ? ABOUT_LATER : ABOUT_OVER;
  return { operation, effect, claim: random.pick(claims), calls };
}

/** Makes one operation slow. */
export function planDelay(operation: string): PlannedFault {
  return { operation, effect: "slow", claim: "nothing", calls: 1 };
}

/** A fault in a few words. */
function describeFault({ operation, effect, claim, calls }: PlannedFault): string {
  if (effect === "slow") return `${operation} is slow`;
  const effects = { none: "has no effect", before: "has its effect", later: "goes on in secret" };
  const times = calls === 1 ? "" : ` ${calls} times`;
  return `${operation} fails${times}, claims ${claim}, ${effects[effect]}`;
}

/** The real bindings, one of whose calls goes wrong as planned. */
export class FaultyBindings {
  readonly bindings: Bindings;
  readonly #random: Random;
  #plan: PlannedFault | null = null;
  #struck = 0;
  #later: Promise<unknown>[] = [];

  /** @param further sees each operation first; the real ones without it */
  constructor(random: Random, further: Intercept = (_, proceed) => proceed()) {
    this.#random = random;
    this.bindings = interceptBindings((operation, proceed, ...call) => {
      const work = () => further(operation, proceed, ...call);
      return this.#strikes(operation) ? this.#goWrong(work) : work();
    });
  }

  /** Plans for the next request. */
  arm(plan: PlannedFault | null): void {
    this.#plan = plan;
    this.#struck = 0;
  }

  /** What has gone wrong since {@link arm}. */
  get fault(): string {
    return this.#plan === null || this.#struck === 0 ? "" : describeFault(this.#plan);
  }

  /** How many rotations took effect since {@link arm} whose answer the Worker did not get. */
  get unseenRotations(): number {
    const { operation, effect } = this.#plan ?? {};
    return operation === "family.rotate" && effect === "before" ? this.#struck : 0;
  }

  /** What goes on in secret since this was asked last, or null. Never rejects. */
  takeLater(): Promise<unknown> | null {
    const later = this.#later.splice(0);
    return later.length === 0 ? null : Promise.allSettled(later);
  }

  #strikes(operation: string): boolean {
    if (operation !== this.#plan?.operation || this.#struck >= this.#plan.calls) return false;
    this.#struck += 1;
    return true;
  }

  async #goWrong(work: () => Promise<unknown>): Promise<unknown> {
    const { effect = "none", claim = "nothing" } = this.#plan ?? {};
    const onItsWay = () => scheduler.wait(this.#random.between(0, WAY_MS_MAX));
    if (effect === "slow") {
      await onItsWay();
      const result = await work();
      await onItsWay();
      return result;
    }
    if (effect === "before") await work();
    if (effect === "later") this.#later.push(onItsWay().then(work));
    throw Object.assign(new Error("injected"), { [claim]: true });
  }
}
