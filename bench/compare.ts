import { median } from "../test/support/two-samples.ts";
import { drive, type Stream, type Turn } from "./drive.ts";

/** How long it is measured. */
export interface Plan {
  /** Of each turn. */
  readonly seconds: number;
  /** Of each of the two. */
  readonly turns: number;
}

/** One of the two that are compared. */
export interface Contestant {
  readonly streams: readonly Stream[];
  /** Of its server. */
  readonly pid: number;
}

/** What one of them came to, over all of its turns. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly processorMsEach: number;
}

/** What both came to. Ratios are of the one to the other: the median of those of each pair of turns. */
export interface Comparison {
  readonly one: Figures;
  readonly other: Figures;
  readonly throughputRatio: number;
  readonly processorRatio: number;
}

/** Seconds of each that are not counted: what is hot was compiled then. */
const WARM_UP_SECONDS = 1;

/** Drives two in turns, so that whatever slows the machine slows them alike. */
export async function compare(
  one: Contestant,
  other: Contestant,
  { seconds, turns }: Plan,
): Promise<Comparison> {
  const warmUpSeconds = Math.min(seconds, WARM_UP_SECONDS);
  for (const { streams, pid } of [one, other]) await drive(streams, warmUpSeconds, pid);
  const pairs: { readonly one: Turn; readonly other: Turn }[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    pairs.push({
      one: await drive(one.streams, seconds, one.pid),
      other: await drive(other.streams, seconds, other.pid),
    });
  }
  const ratios = (of: (turn: Turn) => number) => median(pairs.map((p) => of(p.one) / of(p.other)));
  return {
    one: figuresOf(pairs.map((pair) => pair.one)),
    other: figuresOf(pairs.map((pair) => pair.other)),
    throughputRatio: ratios((turn) => turn.requests / turn.seconds),
    processorRatio: ratios(({ processorMsEach }) => processorMsEach),
  };
}

function figuresOf(turns: readonly Turn[]): Figures {
  const times = turns.flatMap((turn) => turn.times).sort((first, second) => first - second);
  return {
    perSecond: median(turns.map(({ requests, seconds }) => requests / seconds)),
    p50Ms: at(times, 0.5),
    p99Ms: at(times, 0.99),
    processorMsEach: median(turns.map(({ processorMsEach }) => processorMsEach)),
  };
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
