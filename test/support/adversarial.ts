import { createContext, Script } from "node:vm";
import { type ESTree, Visitor } from "vite";
import { lineOf } from "./architecture/code.ts";
import type { Source } from "./architecture/tree.ts";

/** A regular expression, and its location. */
interface Pattern {
  readonly place: string;
  readonly expression: RegExp;
}

/** Longest input, in characters: what the management API takes as a body. */
const INPUT_LENGTH_MAX = 64 * 1024;

/** What is repeated in addition to the expression's own words. */
const PUMPS = [
  ...["a", "A", "0", " ", "\t", "\n", "\\", '"', '\\"', "%41", "%", "/", "=", ".", "-", "_", "+"],
  ...["=;", "; ", ", ", ": ", "a:", "a.", "a b ", "x=y;", "://", "[]", "{}", "é", "\u2028", "0a"],
];

/** What follows the repetition, so that a match fails at its very end. */
const ENDS = ["", "!", "\0", "\n", '"', "\\"];

/** Every regular expression of a file. Those that are built from text are listed as null. */
export function patternsOf(source: Source): (Pattern | null)[] {
  const patterns: (Pattern | null)[] = [];
  const addBuilt = ({ callee }: ESTree.CallExpression | ESTree.NewExpression) => {
    if (callee.type === "Identifier" && callee.name === "RegExp") patterns.push(null);
  };
  const visitor = new Visitor({
    NewExpression: addBuilt,
    CallExpression: addBuilt,
    Literal(node) {
      if (!("regex" in node)) return;
      const place = `${source.path}:${lineOf(source, node)} ${node.raw}`;
      patterns.push({ place, expression: new RegExp(node.regex.pattern, node.regex.flags) });
    },
  });
  visitor.visit(source.program);
  return patterns;
}

/** What an input is made of. */
type Recipe = readonly [begin: string, pump: string, end: string];

/** Length at which every recipe is tried; only the slowest of them go on to the longest input. */
const TRIAL_LENGTH = 1024;
const SLOWEST_COUNT = 5;

/**
 * Matches an expression against inputs that double in length, as `search` and `replace` do.
 *
 * @returns the first input on which that takes longer than so many milliseconds, or null
 */
export function slowInput(expression: RegExp, limitMs: number): string | null {
  let recipes = recipesFor(expression);
  for (let length = 16; length <= INPUT_LENGTH_MAX; length *= 2) {
    const inputs = recipes.map(([begin, pump, end]) => {
      return begin + pump.repeat(length / pump.length) + end;
    });
    const times = timesOf(expression, inputs, limitMs);
    const slow = recipes[times.length];
    if (slow !== undefined) return `${length} of ${JSON.stringify(slow)}`;
    if (length !== TRIAL_LENGTH) continue;
    const timed = recipes.map((recipe, index) => [recipe, times[index] ?? 0] as const);
    const slowest = timed.toSorted(([, one], [, other]) => other - one).slice(0, SLOWEST_COUNT);
    recipes = slowest.map(([recipe]) => recipe);
  }
  return null;
}

/** Many inputs in one call: a call that can be interrupted is dear. */
const MATCH_ALL = new Script(`
  while (times.length < inputs.length) {
    const input = inputs[times.length];
    const beganAtMs = now();
    input.search(expression);
    input.replace(expression, "");
    times.push(now() - beganAtMs);
  }
`);

/** How often one input is tried: a busy machine may have interrupted it. */
const ATTEMPTS_MAX = 2;

/** @returns milliseconds that each input takes, up to the first that takes longer than the limit */
function timesOf(expression: RegExp, inputs: readonly string[], limitMs: number): number[] {
  const times: number[] = [];
  const context = createContext({ expression, inputs, times, now: () => performance.now() });
  let attempts = 0;
  while (times.length < inputs.length && attempts < ATTEMPTS_MAX) {
    const doneBefore = times.length;
    try {
      MATCH_ALL.runInContext(context, { timeout: limitMs });
    } catch {
      // Interrupted: by the one that was begun, or by the sum of those that were done.
      attempts = times.length === doneBefore ? attempts + 1 : 0;
    }
  }
  return times;
}

function recipesFor(expression: RegExp): Recipe[] {
  const words = wordsOf(expression);
  const around = [...ENDS.map((end) => ["", end]), ...words.map((word) => [word, "!"])] as const;
  return [...new Set([...PUMPS, ...words, ...expression.source])].flatMap((pump) => {
    return around.map(([begin = "", end = ""]) => [begin, pump, end] as const);
  });
}

/** Runs of plain characters in an expression: what leads into its depths. */
function wordsOf({ source }: RegExp): string[] {
  const words = source.match(/[\w:<>=" ,;/-]{2,}/g) ?? [];
  return [...new Set(words.map((word) => word.replaceAll("\\", "")))].slice(0, 6);
}
