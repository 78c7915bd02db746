/**
 * `npm run test:proofs [-- KIND] [--size soak]`: the proofs. `quick` runs test/proofs in vitest;
 * `soak` makes the long runs. Each is bounded in count and time and ends by itself; the exit code is
 * 1 when any failed.
 */
import { intro, log, note } from "@clack/prompts";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { KINDS, runVitest, SCENARIOS, type Scenario, type SoakSize } from "./scenarios.ts";

interface Line {
  readonly name: string;
  readonly hasPassed: boolean;
  readonly seconds: number;
  readonly figures: string;
}

/** Kinds that measure time, which needs many samples. */
const SOAK_ONLY = ["timing", "neighbours"];

await new Command("test:proofs")
  .description("Proofs of the token service: races, crashes, fuzzing, attacks, imports.")
  .addArgument(new Argument("[kind]", "one kind alone").choices(KINDS))
  .addOption(
    new Option("--size <size>", "minutes or hours; the options below are for soak")
      .choices(["quick", "soak"])
      .default("quick"),
  )
  .option(
    "--seed <n>",
    "replays the decisions of a crash, history or fuzz run",
    count,
    Date.now() % 1_000_000,
  )
  .option("--uses <n>", "simultaneous uses of one token in each race", count, 10_000)
  .option("--kills <n>", "kills in each crash run", count, 100)
  .option("--families <n>", "refresh families in each crash run", count, 100)
  .option("--operations <n>", "operations in the history", count, 100_000)
  .option("--requests <n>", "requests of the fuzz run", count, 1_000_000)
  .option("--pairs <n>", "stolen passwords that are tried", count, 100_000)
  .option("--users <n>", "users of the site that is imported", count, 100_000)
  .option("--samples <n>", "requests of each class whose times are compared", count, 2_000)
  .option("--minutes <n>", "how long each scenario may take", count, 60)
  .action((kind: string | undefined, options: SoakSize & { size: string }) => {
    return options.size === "soak" ? soak(kind, options) : quick(kind);
  })
  .parseAsync();

async function quick(kind: string | undefined): Promise<void> {
  if (kind !== undefined && SOAK_ONLY.includes(kind)) {
    console.error(`There is no quick run of ${kind}. Add \`--size soak\`.`);
    process.exitCode = 2;
    return;
  }
  const files = kind === undefined ? [] : [`test/proofs/${kind === "import" ? "import-" : kind}`];
  const failures = await runVitest([
    ...["proofs", "workerd-proofs", "production-storage"].flatMap((name) => ["--project", name]),
    ...files,
  ]);
  if (failures.length > 0) process.exitCode = 1;
}

async function soak(kind: string | undefined, size: SoakSize): Promise<void> {
  // Temporary folders and servers go when the process exits, which a signal alone would prevent.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  intro(`soak, seed ${size.seed}`);
  const lines: Line[] = [];
  for (const scenario of SCENARIOS) {
    if (kind === undefined || scenario.kind === kind) lines.push(await run(scenario, size));
  }
  note(table(lines), "summary");
  const failed = lines.filter(({ hasPassed }) => !hasPassed).length;
  console.log(`${lines.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function run(scenario: Scenario, size: SoakSize): Promise<Line> {
  const name = `${scenario.kind}: ${scenario.title}`;
  log.step(name);
  const beganAtMs = Date.now();
  const outcome = await scenario
    .run(size, (progress) => log.message(progress))
    .catch((error: Error) => ({ figures: "", violations: [error.stack ?? error.message] }));
  const seconds = (Date.now() - beganAtMs) / 1000;
  for (const violation of outcome.violations) log.error(violation);
  const hasPassed = outcome.violations.length === 0;
  if (hasPassed) log.success(outcome.figures);
  return { name, hasPassed, seconds, figures: outcome.figures };
}

function table(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  return lines
    .map(({ name, hasPassed, seconds, figures }) => {
      const verdict = hasPassed ? "passed" : "FAILED";
      return `${verdict}  ${name.padEnd(width)}  ${seconds.toFixed(0).padStart(5)} s\n  ${figures}`;
    })
    .join("\n");
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
