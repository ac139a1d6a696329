import { expect, test } from "vitest";
import { createRandom, type Random } from "../engine/random.ts";
import { noiseOf, pairedRatio, unpairedRatio } from "./statistics.ts";

/** Runs of a machine that wanders by 10 % and is disturbed badly in one of ten rounds. */
function measurements(random: Random, rounds: number, slowdown: number): { readonly one: number[]; readonly other: number[] } {
  const unit = (): number => random() / 2 ** 32;
  const noisy = (value: number): number => value * (1 + (unit() - 0.5) * 0.02) * (unit() < 0.05 ? 0.6 : 1);
  const pairs = Array.from({ length: rounds }, () => {
    const machine = 100_000 * (1 + (unit() - 0.5) * 0.2);
    return [noisy(machine * (1 - slowdown)), noisy(machine)] as const;
  });
  return { one: pairs.map(([one]) => one), other: pairs.map(([, other]) => other) };
}

test("a difference of 5 % is seen through disturbances, and none is where there is none", () => {
  const random = createRandom(11);
  let [seen, imagined] = [0, 0];
  for (let trial = 0; trial < 200; trial++) {
    const slower = measurements(random, 20, 0.05);
    if (pairedRatio(slower.one, slower.other)!.high < 1) seen++;
    const equal = measurements(random, 20, 0);
    const { low, high } = pairedRatio(equal.one, equal.other)!;
    if (high < 1 || low > 1) imagined++;
  }
  expect(seen).toBeGreaterThan(180);
  // 95 % of the intervals hold the truth.
  expect(imagined).toBeLessThan(20);
});

test("the interval holds the ratio", () => {
  const { ratio, low, high } = pairedRatio([9, 10, 11, 12, 9.5, 10.5, 11.5], [10, 11, 12, 13, 10.5, 11.5, 12.5])!;
  expect([ratio > 0.89 && ratio < 0.93, low <= ratio, ratio <= high]).toEqual([true, true, true]);
});

test("too few runs have no ratio and no noise", () => {
  expect(pairedRatio([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])).toBeUndefined();
  expect(unpairedRatio([1, 2, 3], [1, 2, 3, 4])).toBeUndefined();
  expect(noiseOf([1, 2, 3])).toBeUndefined();
});

test("groups that were not measured in turns", () => {
  const { ratio, high } = unpairedRatio([90, 91, 92, 93, 90.5], [100, 101, 102, 103, 100.5])!;
  expect(ratio).toBeCloseTo(0.9, 2);
  expect(high).toBeLessThan(1);
});

test("noise is the spread of runs, disturbed ones aside", () => {
  expect(noiseOf([100, 101, 99, 100, 101, 99, 100, 30])).toBeLessThan(0.03);
});
