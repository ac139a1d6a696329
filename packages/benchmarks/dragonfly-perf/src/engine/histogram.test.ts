import { expect, test } from "vitest";
import { createHistogram, cumulative, mean, merge, percentile, record, relativeError, standardDeviation } from "./histogram.ts";
import { createRandom } from "./random.ts";

test("percentiles are within the documented error over nine orders of magnitude", () => {
  const random = createRandom(7);
  const histogram = createHistogram();
  const values = Array.from({ length: 50_000 }, () => 10 ** ((random() / 2 ** 32) * 9 - 4));
  for (const value of values) record(histogram, value, 1);
  values.sort((a, b) => a - b);
  for (const percent of [0.01, 1, 25, 50, 90, 99, 99.9, 99.99, 100]) {
    const exact = values[Math.max(0, Math.ceil((percent / 100) * values.length - 1e-9) - 1)]!;
    expect(Math.abs(percentile(histogram, percent) / exact - 1), `p${percent}`).toBeLessThanOrEqual(relativeError);
  }
  expect(histogram.min).toBe(values[0]);
  expect(histogram.max).toBe(values.at(-1));
});

test("counts, mean and deviation are exact, and merging adds", () => {
  const [one, other] = [createHistogram(), createHistogram()];
  record(one, 1, 3);
  record(other, 5, 1);
  merge(one, other);
  expect([one.count, mean(one), standardDeviation(one)]).toEqual([4, 2, Math.sqrt(3)]);
  expect(cumulative(one).map(({ count }) => count)).toEqual([3, 4]);
});

test("what lies outside of the buckets is counted at their ends", () => {
  const histogram = createHistogram();
  for (const value of [0, 1e-9, 1e9]) record(histogram, value, 1);
  expect([histogram.count, histogram.max, percentile(histogram, 100)]).toEqual([3, 1e9, 1e9]);
});

test("nothing recorded has no percentile", () => {
  expect(percentile(createHistogram(), 50)).toBeNaN();
});
