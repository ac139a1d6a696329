/**
 * Latencies in logarithmic buckets: 256 to each power of two, from 2^-14 ms (61 ns) to 2^22 ms (70 minutes). A bucket is
 * at most 1/256 of its value wide and stands for its middle, so a percentile is within 0.2 % of the recorded latency.
 * Sum, minimum and maximum are exact. Recording allocates nothing.
 */
export interface Histogram {
  readonly counts: Float64Array;
  count: number;
  /** Milliseconds, as all latencies here. */
  sum: number;
  sumOfSquares: number;
  min: number;
  max: number;
}

const bucketsPerOctave = 256;
const lowestExponent = -14;
const highestExponent = 22;
const bucketCount: number = (highestExponent - lowestExponent) * bucketsPerOctave;

/** The largest relative distance of a reported percentile from the recorded latency. */
export const relativeError: number = 1 / (2 * bucketsPerOctave);

// The upper half of a double holds its exponent and the first 20 bits of its mantissa: shifted by 12 it is a logarithm.
const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
const upperHalf = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const firstBucket = (1023 + lowestExponent) * bucketsPerOctave;

export function createHistogram(): Histogram {
  return { counts: new Float64Array(bucketCount), count: 0, sum: 0, sumOfSquares: 0, min: Infinity, max: 0 };
}

/** Records `times` operations of the same latency. */
export function record(histogram: Histogram, latency: number, times: number): void {
  double[0] = latency;
  const bucket = (halves[upperHalf]! >>> 12) - firstBucket;
  histogram.counts[bucket < 0 ? 0 : bucket >= bucketCount ? bucketCount - 1 : bucket]! += times;
  histogram.count += times;
  histogram.sum += latency * times;
  histogram.sumOfSquares += latency * latency * times;
  if (latency < histogram.min) histogram.min = latency;
  if (latency > histogram.max) histogram.max = latency;
}

/** Adds the second to the first. */
export function merge(into: Histogram, from: Histogram): void {
  for (let bucket = 0; bucket < bucketCount; bucket++) into.counts[bucket]! += from.counts[bucket]!;
  into.count += from.count;
  into.sum += from.sum;
  into.sumOfSquares += from.sumOfSquares;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
}

export function clear(histogram: Histogram): void {
  histogram.counts.fill(0);
  histogram.count = 0;
  histogram.sum = 0;
  histogram.sumOfSquares = 0;
  histogram.min = Infinity;
  histogram.max = 0;
}

export function copyOf(histogram: Histogram): Histogram {
  return { ...histogram, counts: histogram.counts.slice() };
}

/** The latency that `percent` of the operations did not exceed; NaN when nothing was recorded. */
export function percentile(histogram: Histogram, percent: number): number {
  if (histogram.count === 0) return Number.NaN;
  if (percent >= 100) return histogram.max;
  const rank = Math.max(1, Math.ceil((percent / 100) * histogram.count - 1e-9));
  let seen = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    seen += histogram.counts[bucket]!;
    if (seen >= rank) return Math.min(histogram.max, Math.max(histogram.min, middle(bucket)));
  }
  return histogram.max;
}

export function mean({ sum, count }: Histogram): number {
  return count === 0 ? Number.NaN : sum / count;
}

export function standardDeviation({ sum, sumOfSquares, count }: Histogram): number {
  return count === 0 ? Number.NaN : Math.sqrt(Math.max(0, sumOfSquares / count - (sum / count) ** 2));
}

/** The upper bound of each bucket that is not empty, with the operations up to it. */
export function cumulative(histogram: Histogram): { readonly upTo: number; readonly count: number }[] {
  const steps: { upTo: number; count: number }[] = [];
  let seen = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    if (histogram.counts[bucket] === 0) continue;
    seen += histogram.counts[bucket]!;
    steps.push({ upTo: Math.min(histogram.max, lowerBound(bucket + 1)), count: seen });
  }
  return steps;
}

function middle(bucket: number): number {
  return (lowerBound(bucket) + lowerBound(bucket + 1)) / 2;
}

function lowerBound(bucket: number): number {
  const exponent = Math.floor(bucket / bucketsPerOctave) + lowestExponent;
  return 2 ** exponent * (1 + (bucket % bucketsPerOctave) / bucketsPerOctave);
}
