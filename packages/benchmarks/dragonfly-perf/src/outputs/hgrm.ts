import type { BenchmarkData, CommandResult, RunResult } from "../result.ts";

/** The percentile distribution that HdrHistogram's plotters read, in milliseconds: one part for each run and command. */
export function toHgrm({ runs }: BenchmarkData): string {
  return runs.flatMap((run) => run.commands.map((command) => part(run, command))).join("\n");
}

function part({ suite, round }: RunResult, { name, count, percentiles, raw, corrected }: CommandResult): string {
  const { average, deviation, max } = corrected ?? raw;
  const lines = percentiles.map(([percent, latency]) => {
    const share = percent / 100;
    const inverse = share >= 1 ? "inf" : (1 / (1 - share)).toFixed(2);
    return [latency.toFixed(3).padStart(12), share.toFixed(12), String(Math.round(count * share)).padStart(10), inverse.padStart(14)].join(" ");
  });
  return [
    `# ${suite}, run ${round}, ${name}, ${corrected === null ? "from sending" : "from the intended start"}`,
    "       Value     Percentile TotalCount 1/(1-Percentile)",
    "",
    ...lines,
    `#[Mean    = ${(average ?? 0).toFixed(3).padStart(12)}, StdDeviation   = ${(deviation ?? 0).toFixed(3).padStart(12)}]`,
    `#[Max     = ${(max ?? 0).toFixed(3).padStart(12)}, Total count    = ${String(count).padStart(12)}]`,
    "",
  ].join("\n");
}
