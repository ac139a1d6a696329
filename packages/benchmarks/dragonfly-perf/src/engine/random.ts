import type { KeyPlan } from "./load-plan.ts";

/** 32 random bits; the same seed gives the same sequence. */
export type Random = () => number;

/** xorshift32. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const unit = 2 ** -32;
const tableSize = 2 ** 17;

/** Draws the number of the next key. Skewed distributions walk through a table of draws, so that all cost the same. */
export function createKeySampler(keys: KeyPlan, random: Random): () => number {
  const { count, distribution, first, step } = keys;
  if (distribution === "uniform") return () => Math.floor(random() * unit * count);
  if (distribution === "sequential") {
    let next = first - step;
    return () => (next = next + step < count ? next + step : first);
  }
  const draw = distribution === "zipf" ? zipf(keys, random) : gaussian(keys, random);
  const table = Uint32Array.from({ length: tableSize }, draw);
  let position = random() % tableSize;
  return () => table[(position = (position + 1) % tableSize)]!;
}

/** Inverts the cumulative weights; rank 0 is the most popular key. */
function zipf({ count, exponent }: KeyPlan, random: Random): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += (rank + 1) ** -exponent;
  return () => lowerIndex(sums, random() * unit * sum);
}

function lowerIndex(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Around the middle of the key space; what falls outside is drawn again. */
function gaussian({ count, deviation }: KeyPlan, random: Random): () => number {
  return () => {
    for (;;) {
      const radius = Math.sqrt(-2 * Math.log((random() + 1) * unit));
      const index = Math.floor(count * (0.5 + deviation * radius * Math.cos(2 * Math.PI * random() * unit)));
      if (index >= 0 && index < count) return index;
    }
  };
}

/** A table of indices in which each appears in proportion to its weight, in random order. */
export function weightedTable(weights: readonly number[], random: Random): Uint16Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const size = 4096;
  const table = new Uint16Array(size);
  let [index, sum] = [0, weights[0]!];
  for (let place = 0; place < size; place++) {
    while ((place + 0.5) / size > sum / total) sum += weights[++index]!;
    table[place] = index;
  }
  for (let place = size - 1; place > 0; place--) {
    const other = random() % (place + 1);
    [table[place], table[other]] = [table[other]!, table[place]!];
  }
  return table;
}
