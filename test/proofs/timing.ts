import { Agent } from "node:http";
import { loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";
import { Random } from "../support/random.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { postToken } from "../support/token-client.ts";
import { ksCritical, ksDistance, median, medianGap, quantile } from "../support/two-samples.ts";
import type { TimingClass, TimingPlan } from "./timing-classes.ts";

/** How much is measured. */
export interface TimingSize {
  readonly seed: number;
  /** Of each class. */
  readonly samples: number;
  readonly minutes: number;
}

/** The outcome of a plan. */
export interface TimingOutcome {
  /** A table, in lines. */
  readonly figures: string;
  readonly violations: readonly string[];
}

/** Milliseconds that requests of a class took. */
type Times = ReadonlyMap<TimingClass, number[]>;

/** The maximum distance of the medians of two classes. */
const MEDIAN_GAP_MAX = 0.02;

/** Requests of each class to each server that are not counted: a cold server is slower. */
const WARM_UP_REQUESTS = 10;

const REPORT_EVERY_MS = 60_000;

/**
 * Sends requests of all classes in a random order, again and again, and compares how long they took:
 * each lane takes each class once in a round, so that a slow machine slows them alike.
 * The lanes of a server are independent.
 */
export async function compareTimes(
  plan: TimingPlan,
  { seed, minutes, ...size }: TimingSize,
  report: (progress: string) => void,
): Promise<TimingOutcome> {
  const times: Times = new Map(plan.classes.map((each) => [each, []]));
  const random = new Random(seed);
  const samples = size.samples * plan.times;
  const unexpected = new Set<string>();
  const rounds = Math.ceil(samples / (plan.servers * plan.lanes));
  const endsAtMs = Date.now() + minutes * 60_000;
  const reporter = setInterval(() => {
    const [first = []] = times.values();
    report(`${first.length} of ${samples} samples of each class, load ${load()}`);
  }, REPORT_EVERY_MS);
  try {
    await Promise.all(
      Array.from({ length: plan.servers }, () => {
        return useServer(plan, (url, agent) => {
          const lane = { plan, times, unexpected, rounds, endsAtMs, url, agent };
          return Promise.all(Array.from({ length: plan.lanes }, () => run(lane, random.fork())));
        });
      }),
    );
  } finally {
    clearInterval(reporter);
  }
  const { figures, violations } = judge(plan, times, samples);
  return { figures, violations: [...unexpected, ...violations] };
}

async function useServer(
  { vars, entries, lanes }: TimingPlan,
  use: (url: string, agent: Agent) => Promise<unknown>,
): Promise<void> {
  const sandbox = await ServerSandbox.create(vars, entries);
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  try {
    const server = await sandbox.start();
    await use(server.url, agent);
    await server.kill();
  } finally {
    agent.destroy();
    sandbox.remove();
  }
}

interface Lane {
  readonly plan: TimingPlan;
  readonly times: Times;
  /** Responses other than the plan's. */
  readonly unexpected: Set<string>;
  readonly rounds: number;
  readonly endsAtMs: number;
  readonly url: string;
  readonly agent: Agent;
}

async function run(lane: Lane, random: Random): Promise<void> {
  const { plan, times, unexpected, rounds, endsAtMs, url, agent } = lane;
  // Lanes that start together would stay in step, with responses in bursts.
  await setTimeout(random.fraction() * 1000 * Number(plan.vars["FAILED_LOGIN_SECONDS_MIN"]));
  const warmUpRounds = Math.ceil(WARM_UP_REQUESTS / plan.lanes);
  for (let round = -warmUpRounds; round < rounds && Date.now() < endsAtMs; round += 1) {
    for (const each of shuffled(plan.classes, random)) {
      const startedAtMs = performance.now();
      const reply = await postToken({ url, agent, fields: each.fields });
      const tookMs = performance.now() - startedAtMs;
      const isUnexpected = reply?.status !== plan.status;
      if (isUnexpected) unexpected.add(`${each.title} got ${JSON.stringify(reply)}`);
      if (round >= 0 && !isUnexpected) times.get(each)?.push(tookMs);
    }
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as Item);
}

function judge({ classes }: TimingPlan, times: Times, samples: number): TimingOutcome {
  const all = classes.map((each) => ({ title: each.title, sample: times.get(each) ?? [] }));
  const pairs = all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other]));
  const lines = all.map(({ title, sample }) => {
    const [low, middle, high] = [0.1, 0.5, 0.9].map((part) => ms(quantile(sample, part)));
    return `${title}: ${sample.length} samples, 10 % ${low}, median ${middle}, 90 % ${high} ms`;
  });
  const violations: string[] = [];
  for (const { title, sample } of all) {
    if (sample.length < samples) violations.push(`${title}: ${sample.length} samples, too few`);
  }
  for (const [one, other] of pairs) {
    if (one === undefined || other === undefined) continue;
    const gap = medianGap(one.sample, other.sample);
    const distance = ksDistance(one.sample, other.sample);
    const critical = ksCritical(one.sample.length, other.sample.length, pairs.length);
    const line =
      `${one.title} / ${other.title}: medians ${ms(median(one.sample))} and ` +
      `${ms(median(other.sample))} ms, ${(gap * 100).toFixed(2)} % apart; ` +
      `D ${distance.toFixed(4)}, told apart above ${critical.toFixed(4)}`;
    lines.push(line);
    if (!(gap <= MEDIAN_GAP_MAX && distance <= critical)) violations.push(line);
  }
  return { figures: [...lines, `load ${load()}`].join("\n  "), violations };
}

function ms(time: number): string {
  return time.toFixed(2);
}

function load(): string {
  return loadavg()
    .map((each) => each.toFixed(1))
    .join(" ");
}
