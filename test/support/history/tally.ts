import type { Entry } from "./history.ts";

/** What was done and what came of it, in numbers, and everything that was wrong. */
export class Tally {
  readonly violations: string[] = [];
  operations = 0;
  rounds = 0;
  families = 0;
  #answers = new Map<string, number>();
  #faults = new Map<string, number>();

  count({ operation, answer, fault }: Entry): void {
    this.operations += 1;
    const isFlawed = "flaw" in operation && operation.flaw !== null;
    add(this.#answers, `${operation.kind}${isFlawed ? " wrongly" : ""}: ${answer}`);
    if (fault !== "") add(this.#faults, fault.replace(/ \d times/, ""));
  }

  complain(violation: string): void {
    this.violations.push(violation);
  }

  /** How often an operation had a response, such as `refresh: given`. */
  answersOf(name: string): number {
    return this.#answers.get(name) ?? 0;
  }

  /** Everything in a table for people. */
  table(): string {
    const { operations, rounds, families, violations } = this;
    const totals = Object.entries({ operations, rounds, families, violations: violations.length });
    const rows = [...totals, ["", ""], ...sorted(this.#answers), ["", ""], ...sorted(this.#faults)];
    const width = Math.max(...rows.map(([name]) => String(name).length));
    return rows.map(([name, count]) => `${String(name).padEnd(width + 2)}${count}`).join("\n");
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
