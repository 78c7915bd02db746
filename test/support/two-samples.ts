/** How often a test may say that two samples of one distribution differ. */
export const ALPHA = 0.01;

/** The value that half of a sample is below. @returns NaN for an empty sample */
export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** The value that a part of a sample is below, interpolated. @param part from 0 to 1 */
export function quantile(sample: readonly number[], part: number): number {
  const sorted = sample.toSorted((one, other) => one - other);
  const position = part * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** How far two medians are apart, as a part of the smaller one. */
export function medianGap(one: readonly number[], other: readonly number[]): number {
  const [lower = 0, higher = 0] = [median(one), median(other)].sort((a, b) => a - b);
  return (higher - lower) / lower;
}

/**
 * The statistic of Kolmogorov and Smirnov: the greatest distance between the empirical distribution
 * functions of two samples, from 0 to 1.
 */
export function ksDistance(one: readonly number[], other: readonly number[]): number {
  const sorted = [one, other].map((sample) => sample.toSorted((a, b) => a - b));
  const [first = [], second = []] = sorted;
  let [i, j, distance] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i] as number, second[j] as number);
    while (i < first.length && first[i] === value) i += 1;
    while (j < second.length && second[j] === value) j += 1;
    distance = Math.max(distance, Math.abs(i / first.length - j / second.length));
  }
  return distance;
}

/**
 * The distance above which two large samples of these sizes are told apart (Smirnov's asymptotic
 * bound), by a test that is one of several: Bonferroni's correction shares `alpha` among them.
 */
export function ksCritical(size: number, otherSize: number, tests = 1, alpha = ALPHA): number {
  const scale = Math.sqrt(-Math.log(alpha / tests / 2) / 2);
  return scale * Math.sqrt((size + otherSize) / (size * otherSize));
}
