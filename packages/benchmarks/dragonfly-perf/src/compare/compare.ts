import { fail, pass, unknown, type Finding } from "@org/script";
import type { BenchmarkSettings } from "../options.ts";
import type { ComparisonResult, RunResult, SuiteComparison } from "../result.ts";
import { round } from "../summary.ts";
import { fewestPairs, noiseOf, pairedRatio, unpairedRatio } from "./statistics.ts";

export interface Sides {
  readonly against: string;
  /** What is judged. */
  readonly own: readonly RunResult[];
  /** What it is held against. */
  readonly other: readonly RunResult[];
  /** Whether both were measured in turns, so that round by round they saw the same machine. */
  readonly isPaired: boolean;
  /** Percent. */
  readonly threshold: number;
}

/** Compares suite by suite, at equal numbers of connections: throughput in a closed loop, the corrected p99 at a rate. */
export function compare({ own, other, against, isPaired, threshold }: Sides): ComparisonResult {
  const keys = [...new Set(own.map(keyOf))];
  return {
    against,
    suites: keys.map((key) => {
      const [first, second] = [own.filter((run) => keyOf(run) === key), other.filter((run) => keyOf(run) === key)];
      return compareSuite(key, [first, second], { isPaired, threshold });
    }),
  };
}

function keyOf({ suite, connections }: RunResult): string {
  return `${suite} (${connections} connections)`;
}

function compareSuite(suite: string, [own, other]: readonly [readonly RunResult[], readonly RunResult[]], { isPaired, threshold }: Pick<Sides, "isPaired" | "threshold">): SuiteComparison {
  const isOpen = own.some(({ rate }) => rate !== null);
  const figure = (run: RunResult): number => (isOpen ? (run.total.corrected?.p99 ?? Number.NaN) : run.opsPerSecond);
  const [mine, theirs] = [own.map(figure), other.map(figure)];
  const found = (isPaired ? pairedRatio : unpairedRatio)(mine, theirs);
  const noise = noiseOf(theirs);
  const metric = isOpen ? "p99" : "opsPerSecond";
  if (found === undefined || noise === undefined || Number.isNaN(found.ratio)) return { suite, metric, ratio: null, low: null, high: null, noise: null, isRegression: null };
  // Slower is fewer operations, or a higher latency; the whole interval must lie on that side.
  const [loss, certainLoss] = isOpen ? [found.ratio - 1, found.low - 1] : [1 - found.ratio, 1 - found.high];
  const isRegression = certainLoss > 0 && loss * 100 > threshold && loss > noise;
  return { suite, metric, ratio: round(found.ratio, 4), low: round(found.low, 4), high: round(found.high, 4), noise: round(noise, 4), isRegression };
}

/** The verdict on a comparison: a regression fails, and what could not be compared is unknown. */
export function judgeComparison({ against, suites }: ComparisonResult, { threshold }: Pick<BenchmarkSettings, "threshold">): Finding {
  const told = suites.map(describeSuite).join("; ");
  const worst = suites.filter(({ isRegression }) => isRegression === true);
  if (worst.length > 0) return fail(`slower than ${against} by more than ${threshold} % and more than chance: ${worst.map(describeSuite).join("; ")}`, "Look at what changed; run again with a higher --repeat to see it more sharply.");
  if (suites.length === 0 || suites.some(({ isRegression }) => isRegression === null)) return unknown(`too few runs of some suites to compare: ${told}`, `Run both sides at least ${fewestPairs} times: --repeat ${fewestPairs}.`);
  return pass(`against ${against}: ${told}`);
}

function describeSuite({ suite, metric, ratio, low, high, noise }: SuiteComparison): string {
  const name = metric === "p99" ? "p99" : "ops/s";
  return ratio === null ? `${suite} not compared` : `${suite} ${name} x ${ratio} (95 %: ${low} to ${high}, noise ${round((noise ?? 0) * 100, 1)} %)`;
}
