import { defineScript, type OptionsOf, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import { options, type BenchmarkSettings } from "./options.ts";
import type { BenchmarkData } from "./result.ts";

/** Benchmarks a Dragonfly, Valkey or Redis server; resolves to the report, also when the result is invalid. */
export const dragonflyPerf: Script<OptionsOf<BenchmarkSettings>, BenchmarkData | null> = defineScript({
  manifest,
  package: pkg,
  actions: ["run", "history"],
  options,
  run: async (context) => (await import("./dragonfly-perf.ts")).benchmark(context),
  render: async (report) => (await import("./report.ts")).renderBenchmark(report),
});
