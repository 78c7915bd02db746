/**
 * `npm run bench`: throughput, latency and processor time of each kind of request, beside a floor
 * that is measured in the same run. Exit code 1 when a target is missed.
 */
import { intro, log, outro } from "@clack/prompts";
import { Command, InvalidArgumentError } from "commander";
import { compare } from "./compare.ts";
import type { Stream } from "./drive.ts";
import { type Line, tableOf, writeReport } from "./report.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

interface Options {
  readonly seconds: number;
  readonly turns: number;
  readonly only?: string;
  readonly write?: true;
}

const program = new Command("bench").description(
  "What a request costs, beside the least it could.",
);
program
  .option("--seconds <n>", "length of a turn", positive, 3)
  .option("--turns <n>", "turns of each of the two", positive, 5)
  .option("--only <words>", "scenarios with these words in their names")
  .option("--write", "renews docs/performance.md, .json and .svg")
  .action(bench);
program
  .command("isolation")
  .description("what hashing passwords costs everybody else, by where it is done")
  .action(async () => void (await import("./isolation.ts")));
program
  .command("latency")
  .description("what each kind of request takes where storage is far, by a model")
  .action(async () => (await import("./latency.ts")).printLatencyModel());
await program.parseAsync();

async function bench({ only = "", write, ...plan }: Options): Promise<void> {
  // Temporary folders and servers go when the process exits, which a signal alone would prevent.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  intro("bench");
  const server = await startBenchServer();
  log.step(`state on ${server.stateOn}, ${plan.turns} turns of ${plan.seconds} s each`);
  const lines: Line[] = [];
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => name.includes(only))) {
      log.step(scenario.name);
      lines.push(await measure(scenario, server, plan));
    }
  } finally {
    await server.stop();
  }
  console.log(tableOf(lines));
  if (write) writeReport(lines, { ...plan, stateOn: server.stateOn });
  const missed = lines.filter(({ isMissed }) => isMissed).map(({ scenario }) => scenario.name);
  outro(missed.length === 0 ? "every target is met" : `missed: ${missed.join("; ")}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

async function measure(
  scenario: Scenario,
  server: BenchServer,
  plan: { readonly seconds: number; readonly turns: number },
): Promise<Line> {
  const streams = async (make: Scenario["ours"]) => {
    const made: Stream[] = [];
    // One after the other: so many logins at once would be told to come again.
    for (let count = 0; count < scenario.connections; count += 1) made.push(await make(server));
    return made;
  };
  const { pid } = server;
  const ours = { streams: await streams(scenario.ours), pid };
  const floor = { streams: await streams(scenario.beneath), pid };
  const comparison = await compare(ours, floor, plan);
  const { target } = scenario;
  const isMissed =
    target?.of === "throughput"
      ? comparison.throughputRatio < target.bound
      : target !== undefined && comparison.processorRatio > target.bound;
  return { scenario, comparison, isMissed };
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}
