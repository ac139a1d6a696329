import type { RunResult, SweepResult } from "./result.ts";

/** Runs at a rate; without one as fast as it goes. */
export type Probe = (rate: number | undefined) => Promise<RunResult>;

const steps = 7;
const heldWithin = 0.01;

/**
 * Looks for the highest rate that is held with a corrected p99 up to the limit, by halving the interval below what a
 * closed loop reaches.
 */
export async function sweep(suite: string, limitMs: number, probe: Probe): Promise<SweepResult> {
  const most = (await probe(undefined)).opsPerSecond;
  let [low, high] = [0, most];
  const tried: SweepResult["steps"][number][] = [];
  for (let step = 0; step < steps && high >= 1; step++) {
    const rate = Math.max(1, Math.round((low + high) / 2));
    const run = await probe(rate);
    const p99 = run.total.corrected?.p99 ?? null;
    const holds = p99 !== null && p99 <= limitMs && Math.abs(run.opsPerSecond / rate - 1) <= heldWithin;
    tried.push({ rate, opsPerSecond: run.opsPerSecond, p99, holds });
    if (holds) low = rate;
    else high = rate;
  }
  return { suite, limitMs, closedLoop: most, steps: tried, knee: low === 0 ? null : low };
}
