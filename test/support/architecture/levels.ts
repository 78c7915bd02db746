import { breach, type Import, importsOf } from "./code.ts";
import { partOf, type Rule, type Source } from "./tree.ts";

/** The parts of `src/`, highest first. */
type Levels = readonly (readonly string[])[];

/** What a part may import where that is less than all below it: `part`, or `part#name` alone. */
type Narrower = Readonly<Record<string, readonly string[]>>;

/** Imports go only to lower levels: never up, and never between the parts of one level. */
export function importsGoDown(levels: Levels, narrower: Narrower): Rule {
  const depthOf = (part: string) => levels.findIndex((level) => level.includes(part));

  function problemOf(source: Source, { path, names }: Import): string | null {
    const from = source.part ?? "";
    if (path === null) return null;
    const to = partOf(path) ?? path;
    if (depthOf(to) === -1) return `imports ${to}, which has no level`;
    if (to === from) return null;
    if (depthOf(to) <= depthOf(from)) return `${from} must not import ${to}`;
    const allowed = narrower[from];
    if (allowed === undefined || allowed.includes(to)) return null;
    const foreign = names.filter((name) => !allowed.includes(`${to}#${name}`));
    return foreign.length > 0 ? `${from} must not import ${foreign.join(", ")} of ${to}` : null;
  }

  return ({ src }) => {
    return src.flatMap((source) => {
      if (depthOf(source.part ?? "") === -1) return [`${source.path}:1: has no level`];
      return importsOf(source).flatMap((found) => {
        const problem = problemOf(source, found);
        return problem === null ? [] : [breach(source, found.node, problem)];
      });
    });
  };
}

/** No file imports itself by way of others, not even for a type. */
export const noCycles: Rule = ({ src }) => {
  const targets = new Map(src.map((source) => [source.path, importsOf(source)]));
  return src.flatMap((source) => {
    const cycle = pathBack(source.path, targets);
    return cycle === null ? [] : [`${source.path}:1: imports itself: ${cycle.join(" > ")}`];
  });
};

/** Shortest way from a file back to itself, or null when there is none. */
function pathBack(start: string, targets: ReadonlyMap<string, Import[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const { path } of targets.get(file) ?? []) {
      if (path === null || cameFrom.has(path)) continue;
      cameFrom.set(path, file);
      if (path !== start) queue.push(path);
    }
  }
  if (!cameFrom.has(start)) return null;
  const way = [start];
  for (let at = cameFrom.get(start); at !== start && at !== undefined; at = cameFrom.get(at)) {
    way.unshift(at);
  }
  return [start, ...way];
}
