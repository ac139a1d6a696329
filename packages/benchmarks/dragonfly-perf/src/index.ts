export { dragonflyPerf } from "./script.ts";
export type { BenchmarkContext, CustomBenchmark } from "./dragonfly-perf.ts";
export type { BenchmarkData, CommandResult, ComparisonResult, Fingerprint, Latency, LoadSettings, RunResult, SweepResult, TrendPoint } from "./result.ts";
