import { describe, expect, test } from "vitest";
import { ksCritical, ksDistance, median, medianGap, quantile } from "../../support/two-samples.ts";

describe("quantiles", () => {
  test.each([
    [[7], 0.5, 7],
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[10, 0], 0.9, 9],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 1, 3],
  ])("of %j at %d is %d", (sample, part, expected) => {
    expect(quantile(sample, part)).toBeCloseTo(expected, 12);
  });

  test("the distance of medians is a fraction of the smaller, in either order", () => {
    expect(median([2, 1, 3])).toBe(2);
    expect(medianGap([100, 100], [103, 101])).toBeCloseTo(0.02, 12);
    expect(medianGap([103, 101], [100, 100])).toBeCloseTo(0.02, 12);
    expect(medianGap([5], [5])).toBe(0);
  });
});

describe("the Kolmogorov-Smirnov distance", () => {
  test.each([
    [[1, 2, 3], [1, 2, 3], 0],
    [[1, 2], [3, 4], 1],
    [[3, 4], [1, 2], 1],
    [[1, 2, 3, 4], [2, 3, 4, 5], 0.25],
    [[1, 1, 1, 2], [1, 2, 2, 2], 0.5],
    [[0, 1, 2], [1, 3], 0.5],
  ])("of %j and %j is %d", (one, other, expected) => {
    expect(ksDistance(one, other)).toBeCloseTo(expected, 12);
  });
});

describe("the critical distance", () => {
  test("matches the published tables for large samples", () => {
    expect(ksCritical(100, 100, 1, 0.05)).toBeCloseTo(1.3581 * Math.sqrt(2 / 100), 4);
    expect(ksCritical(2000, 2000)).toBeCloseTo(1.6276 * Math.sqrt(2 / 2000), 4);
    expect(ksCritical(100, 400, 1, 0.01)).toBeCloseTo(1.6276 * Math.sqrt(500 / 40_000), 4);
  });

  test("grows with the number of tests that share the error rate", () => {
    expect(ksCritical(2000, 2000, 10)).toBeCloseTo(ksCritical(2000, 2000, 1, 0.001), 12);
  });
});
