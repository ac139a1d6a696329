import { defineScript, type OptionsOf, type RunContext, type Script } from "@org/script";
import manifest from "../script.json" with { type: "json" };
import pkg from "../package.json" with { type: "json" };
import { options, type BenchmarkSettings, type WrittenSettings } from "./options.ts";
import type { BenchmarkData } from "./result.ts";

/** Benchmarks a Dragonfly, Valkey or Redis server; resolves to the report, also when the result is invalid. */
export const dragonflyPerf: Script<OptionsOf<WrittenSettings>, BenchmarkData | null> = defineScript({
  manifest,
  package: pkg,
  actions: ["run", "history"],
  requires: { run: ["redisUrl"] },
  readActions: ["history"],
  options,
  run: async (context) => {
    if (context.action === "history") return (await import("./history.ts")).showHistory(context.stateDir);
    return (await import("./dragonfly-perf.ts")).benchmark(context as RunContext<BenchmarkSettings>);
  },
  render: async (report) => (await import("./report.ts")).renderBenchmark(report),
});
