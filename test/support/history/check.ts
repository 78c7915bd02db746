import type { CodeRules, ModelMoment } from "../model.ts";
import { describeHistory, type Entry, type FamilyHistory, type Round } from "./history.ts";
import { keyOf, type World, worldsAfter } from "./world.ts";

/** Most effects on one family in one round: the search tells sets of them apart by bits. */
const STEPS_MAX = 30;

/**
 * Looks for an order of a family's operations that the model allows: one in which each takes
 * effect at one moment between its beginning and its end, and has the response that it was given
 * (linearizability, after Wing and Gong, "Testing and Verifying Concurrent Objects", 1993). An
 * operation whose call was repeated takes effect at as many moments.
 *
 * @returns what is wrong, for people, or null where there is such an order
 */
export function checkHistory(history: FamilyHistory): string | null {
  const round = firstUnexplained(history);
  if (round === null) return null;
  const upToHere = { ...history, rounds: history.rounds.slice(0, round + 1) };
  return `${suspicionAbout(upToHere)}\n${describeHistory(upToHere)}`;
}

/** @returns the index of the first round that no order explains, or null */
function firstUnexplained({ rounds, rules, accounts }: FamilyHistory): number | null {
  // Within a round the moment is not known more exactly.
  const slackMs = Math.max(...rounds.map(({ lengthMs }) => lengthMs));
  let worlds: World[] = [{ ...accounts, family: null, codes: [], isSignedIn: false }];
  for (const [index, round] of rounds.entries()) {
    worlds = worldsAfterRound(worlds, round, { nowMs: round.startMs, slackMs }, rules);
    if (worlds.length === 0) return index;
  }
  return null;
}

function worldsAfterRound(
  before: readonly World[],
  { entries }: Round,
  moment: ModelMoment,
  rules: CodeRules,
): World[] {
  const steps = entries.flatMap(stepsOf);
  if (steps.length > STEPS_MAX) throw new RangeError(`${steps.length} steps in a round`);
  const all = 2 ** steps.length - 1;
  const seen = new Set<string>();
  const after: World[] = [];
  const open = before.map((world) => ({ world, done: 0 }));
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { world, done } = place;
    const key = `${done} ${keyOf(world)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (done === all) after.push(world);
    for (const [index, step] of steps.entries()) {
      if (!mayBeNext(index, step, done, steps)) continue;
      for (const next of worldsAfter(world, step, moment, rules)) {
        open.push({ world: next, done: done | (1 << index) });
      }
    }
  }
  return after;
}

/** One effect of an entry. */
type Step = Entry & { readonly isContinued: boolean };

/** The effects of an entry in their order: those without a response, then the one with it. */
function stepsOf(entry: Entry): Step[] {
  const unseen = { ...entry, answer: "unknown", isContinued: true } as const;
  const answered = { ...entry, isContinued: false };
  return [...Array<Step>(entry.unseenEffects).fill(unseen), answered];
}

/** Whether no step that is still to come had ended before this one began. */
function mayBeNext(index: number, { begunAt }: Step, done: number, steps: readonly Step[]) {
  if (done & (1 << index)) return false;
  if (steps[index - 1]?.isContinued && !(done & (1 << (index - 1)))) return false;
  return steps.every((other, place) => done & (1 << place) || other.endedAt >= begunAt);
}

type Doubt = (entry: Entry) => Entry | null;

/** A check that failed, and yet had an effect. */
const FLAW_DOUBTS: readonly (readonly [string, Doubt])[] = [
  [
    "a request passed that must fail a check",
    (entry) => {
      return isFlawed(entry) && entry.answer === "given" ? { ...entry, answer: "busy" } : null;
    },
  ],
  [
    "a failed check consumed the token",
    (entry) => {
      const { operation } = entry;
      if (!("flaw" in operation) || !isFlawed(entry)) return null;
      return { ...entry, operation: { ...operation, flaw: null }, answer: "unknown" };
    },
  ],
];

/** What a response comes to that no order explains. */
const ANSWER_DOUBTS: Readonly<Record<string, string>> = {
  "inspect active": "a token that had ended was reported active",
  "inspect inactive": "a live token was reported inactive",
  "authorize given": "a code was issued that should not have been",
  "approve given": "a code was issued that should not have been",
  "exchange refused": "a valid code was lost",
  "exchange given": "a code that had ended was given tokens",
  "refresh refused": "an acknowledged token was lost",
  "refresh given": "a token that had ended was given a successor",
  "log in given": "a login succeeded that should not have",
};

/** Names what is wrong: an entry without whose answer the history would be explained. */
function suspicionAbout(history: FamilyHistory): string {
  for (const [name, doubt] of FLAW_DOUBTS) {
    if (doubtful(history, doubt) !== null) return name;
  }
  const answered = doubtful(history, (entry) => {
    return nameOf(entry) === undefined ? null : { ...entry, answer: "unknown" };
  });
  return (answered && nameOf(answered)) ?? "no order of these operations explains their answers";
}

function nameOf({ operation, answer }: Entry): string | undefined {
  return ANSWER_DOUBTS[`${operation.kind} ${answer}`];
}

function isFlawed({ operation }: Entry): boolean {
  return "flaw" in operation && operation.flaw !== null;
}

/** The latest entry that explains the history once it is doubted. */
function doubtful(history: FamilyHistory, doubt: Doubt): Entry | null {
  for (const [index, round] of [...history.rounds.entries()].reverse()) {
    for (const [place, entry] of [...round.entries.entries()].reverse()) {
      const doubted = doubt(entry);
      if (doubted === null) continue;
      const entries = round.entries.with(place, doubted);
      const rounds = history.rounds.with(index, { ...round, entries });
      if (firstUnexplained({ ...history, rounds }) === null) return entry;
    }
  }
  return null;
}
