/**
 * `npm run bench`: throughput, latency and processor time of each kind of request, beside a floor
 * that is measured in the same run. Exit code 1 when a target is missed.
 */
import { intro, log, outro } from "@clack/prompts";
import { Command, InvalidArgumentError } from "commander";
import { compare, type Plan } from "./compare.ts";
import type { Stream } from "./drive.ts";
import { LATENCY_DEFAULTS, type LatencyOptions, measureLatency } from "./latency.ts";
import { installPeers, PEERS, type Peer } from "./peers.ts";
import {
  type Line,
  type PeerLine,
  peerTableOf,
  tableOf,
  writeLatency,
  writeReport,
} from "./report.ts";
import { COMPARED_WITH_PEERS, SCENARIOS, type Scenario } from "./scenarios.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

interface Options {
  readonly seconds: number;
  readonly turns: number;
  readonly only?: string;
  readonly peers?: true;
  readonly write?: true;
}

const program = new Command("bench")
  .enablePositionalOptions()
  .description("What a request costs, beside the least it could.");
program
  .option("--seconds <n>", "length of a turn", positive, 3)
  .option("--turns <n>", "turns of each of the two", positive, 5)
  .option("--only <words>", "scenarios with these words in their names")
  .option("--peers", "other servers too, which are installed for that")
  .option("--write", "renews docs/performance.md, .json and .svg")
  .action(bench);
program
  .command("isolation")
  .description("what hashing passwords costs everybody else, by where it is done")
  .action(async () => void (await import("./isolation.ts")));
const latency = program
  .command("latency")
  .description("what responses wait for, and how long, where storage is near and far")
  .option("--write", "renews the table of docs/performance.md")
  .action(reportLatency);
for (const [name, value] of Object.entries(LATENCY_DEFAULTS)) {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const words = name === "requests" ? "of each kind" : "how long that takes, in milliseconds";
  latency.option(`--${flag} <n>`, words, positive, value);
}
program
  .command("startup")
  .description("modules that an isolate evaluates and bytes that it parses before a request")
  .action(async () => (await import("./startup.ts")).printStartUp());
program
  .command("growth")
  .description("the same with ten, ten thousand and a million clients, users and sessions")
  .action(async () => (await import("./growth.ts")).measureGrowth());
// Temporary folders and servers go when the process exits, which a signal alone would prevent.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await program.parseAsync();

async function bench({ only, peers, write, ...plan }: Options): Promise<void> {
  const scenarios = SCENARIOS.filter(({ name }) => name.includes(only ?? ""));
  if (scenarios.length === 0) program.error(`error: no scenario has "${only}" in its name`);
  if (write && (only !== undefined || !peers)) {
    program.error("error: --write renews the whole document: with --peers, and without --only");
  }
  intro("bench");
  if (peers) installPeers();
  const server = await startBenchServer();
  log.step(`state on ${server.stateOn}, ${plan.turns} turns of ${plan.seconds} s each`);
  const lines: Line[] = [];
  const peerLines: PeerLine[] = [];
  try {
    for (const scenario of scenarios) {
      log.step(scenario.name);
      lines.push(await measure(scenario, server, plan));
    }
    for (const peer of peers ? PEERS : []) {
      log.step(peer.name);
      peerLines.push(await measurePeer(peer, server, plan));
    }
  } finally {
    await server.stop();
  }
  for (const table of [tableOf(lines), peerTableOf(peerLines)]) console.log(`${table}\n`);
  if (write) writeReport(lines, peerLines, { ...plan, stateOn: server.stateOn });
  const missed = [
    ...lines.filter(({ isMissed }) => isMissed).map(({ scenario }) => scenario.name),
    ...peerLines.filter(({ isMissed }) => isMissed).map(({ peer }) => peer.name),
  ];
  outro(missed.length === 0 ? "every target is met" : `missed: ${missed.join("; ")}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

async function reportLatency({ write, ...options }: LatencyOptions & Options): Promise<void> {
  const table = (await measureLatency(options)).join("\n");
  console.log(table);
  if (write) writeLatency(table);
}

async function measure(scenario: Scenario, server: BenchServer, plan: Plan): Promise<Line> {
  const { connections } = scenario;
  const { pid } = server;
  const ours = { streams: await times(connections, () => scenario.ours(server)), pid };
  const floor = { streams: await times(connections, () => scenario.beneath(server)), pid };
  const comparison = await compare(ours, floor, plan);
  const { target } = scenario;
  const isMissed =
    target?.of === "throughput"
      ? comparison.throughputRatio < target.bound
      : target !== undefined && comparison.processorRatio > target.bound;
  return { scenario, comparison, isMissed };
}

/** The service's own refresh, in turns with that of another server. */
async function measurePeer(peer: Peer, server: BenchServer, plan: Plan): Promise<PeerLine> {
  const { connections, ours } = COMPARED_WITH_PEERS;
  const running = await peer.start();
  try {
    const one = { streams: await times(connections, () => ours(server)), pid: server.pid };
    const other = { streams: await times(connections, running.stream), pid: running.pid };
    const comparison = await compare(one, other, plan);
    const isMissed = comparison.throughputRatio < (peer.target ?? 0);
    return { peer, comparison, isMissed };
  } finally {
    await running.stop();
  }
}

/** One after the other: so many logins at once would be told to come again. */
async function times(count: number, make: () => Promise<Stream>): Promise<Stream[]> {
  const made: Stream[] = [];
  while (made.length < count) made.push(await make());
  return made;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}
