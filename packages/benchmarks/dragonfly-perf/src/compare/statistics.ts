/** A factor between two sides with its 95 % confidence interval. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Fewer rounds cannot tell 95 % from chance. */
export const fewestPairs = 6;
const fewestEach = 4;
const normal95 = 1.96;

/**
 * How much larger the first of each pair is: the Hodges-Lehmann estimate on logarithms, with the interval of the
 * signed-rank test. One disturbed round moves it little. Undefined below six pairs.
 */
export function pairedRatio(first: readonly number[], second: readonly number[]): Ratio | undefined {
  const count = Math.min(first.length, second.length);
  if (count < fewestPairs) return undefined;
  const logs = first.slice(0, count).map((value, index) => Math.log(value / second[index]!));
  const averages = logs.flatMap((one, index) => logs.slice(index).map((other) => (one + other) / 2));
  const deviation = Math.sqrt((count * (count + 1) * (2 * count + 1)) / 24);
  return interval(averages, (count * (count + 1)) / 4 - normal95 * deviation);
}

/** The same for two groups that were not measured in turns, with the interval of the rank-sum test. Undefined below four of each. */
export function unpairedRatio(first: readonly number[], second: readonly number[]): Ratio | undefined {
  const [n, m] = [first.length, second.length];
  if (n < fewestEach || m < fewestEach) return undefined;
  const differences = first.flatMap((one) => second.map((other) => Math.log(one / other)));
  return interval(differences, (n * m) / 2 - normal95 * Math.sqrt((n * m * (n + m + 1)) / 12));
}

function interval(logs: readonly number[], rank: number): Ratio {
  const sorted = logs.toSorted((a, b) => a - b);
  const place = Math.max(0, Math.floor(rank));
  return { ratio: Math.exp(median(sorted)), low: Math.exp(sorted[place]!), high: Math.exp(sorted[sorted.length - 1 - place]!) };
}

/**
 * The relative difference that means of as many runs of one and the same thing may have by chance, at 95 %; from the
 * spread of its runs, disturbed ones left aside. Undefined below four runs.
 */
export function noiseOf(values: readonly number[]): number | undefined {
  if (values.length < fewestEach) return undefined;
  const logs = values.map((value) => Math.log(value));
  const middle = median(logs);
  const spread = 1.4826 * median(logs.map((value) => Math.abs(value - middle)));
  return Math.exp(normal95 * spread * Math.sqrt(2 / values.length)) - 1;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
