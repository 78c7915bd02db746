/** Maximum edit distance of a misspelt name. */
const DISTANCE_MAX = 2;

/** The most similar known name, or null when none is similar. */
export function nearest(name: string, known: readonly string[]): string | null {
  const near = known
    .map((one) => ({ one, distance: distanceBetween(name.toLowerCase(), one) }))
    .filter(({ one, distance }) => distance <= Math.min(DISTANCE_MAX, one.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.one ?? null;
}

/** The Levenshtein distance. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
